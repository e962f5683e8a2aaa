# Copyright: (c) 2026, winops.patching contributors
# SPDX-License-Identifier: GPL-3.0-or-later

#Requires -Version 5.1

# The update agent as the worker meets it: objects with the properties of the real ones, which say what a script of
# answers says, in its order. It searches nothing. What it was asked is kept, for the test to look at.

# {boot_time, file_time, cabinet_time, searches, history, services, system_info, installer, agent_version, catalog_service, add_fails}
param(
    [hashtable]$State
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$script:calls = [Collections.ArrayList]@()
$script:next = 0
$script:added = $null
$script:services = @($State['services'])

function Add-FakeCall($Name, $Facts) {
    $null = $script:calls.Add(@{ name = $Name; facts = $Facts })
}

function Get-FakeCalls {
    ConvertTo-Json -InputObject @{ calls = @($script:calls.ToArray()) } -Depth 6 -Compress
}

# Without a time the file is no cabinet, with an empty one it holds none.
function Get-FakeCabinetTime($Path) {
    if (-not $State.ContainsKey('cabinet_time')) { throw "it is no cabinet file: $Path" }
    if ($State['cabinet_time']) { [datetime]::SpecifyKind((ConvertTo-Time -Text $State['cabinet_time']), 'Utc') }
}

# As COM hands it out: UTC, and nothing says so.
function ConvertTo-Time($Text) {
    [datetime]::SpecifyKind([datetimeoffset]::Parse($Text, [cultureinfo]::InvariantCulture).UtcDateTime, 'Unspecified')
}

# Count and Item are all that the agent's collections promise.
function New-Collection($Items) {
    $collection = [pscustomobject]@{ Count = @($Items).Count; FakeItems = @($Items) }
    Add-Member -InputObject $collection -MemberType ScriptMethod -Name 'Item' -Value {
        param($Index)
        $this.FakeItems[$Index]
    }
    $collection
}

# A map is an object, a list a collection, and these names hold times.
function ConvertTo-Thing($Value, $Name) {
    if ($Value -is [hashtable]) {
        $properties = [ordered]@{}
        foreach ($pair in $Value.GetEnumerator()) { $properties[$pair.Key] = ConvertTo-Thing -Value $pair.Value -Name $pair.Key }
        return [pscustomobject]$properties
    }
    if ($Value -is [array]) { return New-Collection -Items @(foreach ($item in $Value) { ConvertTo-Thing -Value $item -Name '' }) }
    if ($null -ne $Value -and @('LastDeploymentChangeTime', 'Deadline', 'Date') -contains $Name) { return ConvertTo-Time -Text $Value }
    $Value
}

function Get-FakeFound {
    $answer = $State['searches'][$script:next]
    $script:next++
    if ($answer['hresult']) { throw [Runtime.InteropServices.COMException]::new($answer['message'], [int]$answer['hresult']) }
    ConvertTo-Thing -Value $answer['found'] -Name ''
}

function New-FakeSearcher {
    $searcher = [pscustomobject]@{ ServerSelection = 0; ServiceID = ''; Online = $true }
    Add-Member -InputObject $searcher -MemberType ScriptMethod -Name 'Search' -Value {
        param($Criteria)
        Add-FakeCall -Name 'search' -Facts @{ criteria = $Criteria; selection = $this.ServerSelection; service = $this.ServiceID; online = $this.Online }
        Get-FakeFound
    }
    Add-Member -InputObject $searcher -MemberType ScriptMethod -Name 'GetTotalHistoryCount' -Value { @($State['history']).Count }
    Add-Member -InputObject $searcher -MemberType ScriptMethod -Name 'QueryHistory' -Value {
        param($Start, $Count)
        if ($Start -lt 0 -or $Count -le 0) { throw [Runtime.InteropServices.COMException]::new('Invalid index', -2145124345) }
        ConvertTo-Thing -Value @($State['history'] | Select-Object -Skip $Start -First $Count) -Name ''
    }
    $searcher
}

function New-FakeSession {
    $session = [pscustomobject]@{ ClientApplicationID = '' }
    Add-Member -InputObject $session -MemberType ScriptMethod -Name 'CreateUpdateSearcher' -Value { New-FakeSearcher }
    Add-Member -InputObject $session -MemberType ScriptMethod -Name 'CreateUpdateInstaller' -Value {
        Add-FakeCall -Name 'installer' -Facts @{ client = $this.ClientApplicationID }
        ConvertTo-Thing -Value $State['installer'] -Name ''
    }
    $session
}

function New-FakeManager {
    $manager = [pscustomobject]@{}
    Add-Member -InputObject $manager -MemberType ScriptProperty -Name 'Services' -Value { ConvertTo-Thing -Value @(Get-FakeServices) -Name '' }
    Add-Member -InputObject $manager -MemberType ScriptMethod -Name 'AddScanPackageService' -Value {
        param($Name, $File, $Flags)
        Add-FakeCall -Name 'add_service' -Facts @{ name = $Name; file = $File; flags = $Flags }
        if ($State['add_fails']) { throw [Runtime.InteropServices.COMException]::new('No signature', [int]$State['add_fails']) }
        Add-FakeService -Name $Name
    }
    Add-Member -InputObject $manager -MemberType ScriptMethod -Name 'RemoveService' -Value {
        param($Id)
        Remove-FakeService -Id $Id
    }
    $manager
}

function Get-FakeServices {
    $script:services
    if ($script:added) { $script:added }
}

function Add-FakeService($Name) {
    $script:added = @{ ServiceID = $State['catalog_service']; Name = $Name; IsManaged = $false; IsDefaultAUService = $false; ServiceUrl = '' }
    ConvertTo-Thing -Value $script:added -Name ''
}

function Remove-FakeService($Id) {
    Add-FakeCall -Name 'remove_service' -Facts @{ id = $Id }
    $script:added = $null
}

function New-FakeInfo {
    $info = [pscustomobject]@{}
    Add-Member -InputObject $info -MemberType ScriptMethod -Name 'GetInfo' -Value { $State['agent_version'] }
    $info
}

# All but COM is the real one's business.
function New-Object {
    [CmdletBinding()]
    param(
        [string]$TypeName, [object[]]$ArgumentList, [string]$ComObject
    )

    switch ($ComObject) {
        'Microsoft.Update.Session' {
            New-FakeSession
        }
        'Microsoft.Update.ServiceManager' {
            New-FakeManager
        }
        'Microsoft.Update.AgentInfo' {
            New-FakeInfo
        }
        'Microsoft.Update.SystemInfo' {
            ConvertTo-Thing -Value $State['system_info'] -Name ''
        }
        '' {
            $real = Get-Command -Name 'New-Object' -CommandType Cmdlet
            & $real @PSBoundParameters
        }
        default {
            throw [Runtime.InteropServices.COMException]::new("Class not registered: $ComObject", -2147221164)
        }
    }
}

function Get-CimInstance {
    [CmdletBinding()]
    param([string]$ClassName, [uint32]$OperationTimeoutSec)

    Add-FakeCall -Name 'cim' -Facts @{ class = $ClassName; limit = $OperationTimeoutSec }
    [pscustomobject]@{ LastBootUpTime = [datetime]::SpecifyKind((ConvertTo-Time -Text $State['boot_time']), 'Utc') }
}

# Only the catalog is asked for by this command; keys of the registry are absent.
function Get-Item {
    [CmdletBinding()]
    param([string]$LiteralPath, [switch]$Force)

    if ($LiteralPath -notlike 'Registry::*' -and $null -ne $State['file_time']) {
        return [pscustomobject]@{ LastWriteTimeUtc = [datetime]::SpecifyKind((ConvertTo-Time -Text $State['file_time']), 'Utc'); Hidden = [bool]$Force }
    }
    $exception = [Management.Automation.ItemNotFoundException]::new("Cannot find path '$LiteralPath' because it does not exist.")
    $PSCmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'PathNotFound', 'ObjectNotFound', $null))
}

function Start-Sleep {
    [CmdletBinding()]
    param([int]$Seconds, [int]$Milliseconds)

    Add-FakeCall -Name 'sleep' -Facts @{ seconds = $Seconds; milliseconds = $Milliseconds }
}

Export-ModuleMember -Function @(
    'New-Object', 'Get-CimInstance', 'Get-Item', 'Start-Sleep', 'Add-FakeCall', 'Get-FakeCalls', 'Get-FakeCabinetTime'
)
