# Copyright: (c) 2026, winops.patching contributors
# SPDX-License-Identifier: GPL-3.0-or-later

#Requires -Version 5.1

# The update agent as the worker meets it: objects with the properties of the real ones, which say what a script of
# answers says, in its order. It searches nothing. What it was asked is kept, for the test to look at.

# {boot_time, file_time, cabinet_time, searches, history, services, system_info, installer, agent_version, catalog_service, add_fails}
# Of installations besides: {now, jumps: [{after, by}], registry: {path: {name: data}}, free_mb (none: it does not tell), busy: [{who, from, until}],
# downloads: {id: [{code, hresult}]}, installs: {id: {code, hresult, reboot, seconds, throws, registry, system_info, installer}}, exit_code, boots}
# Times are seconds since `now`, at which its clock begins; it stands still but while somebody sleeps or installs.
param(
    [hashtable]$State
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$script:calls = [Collections.ArrayList]@()
$script:next = 0
$script:added = $null
$script:services = @($State['services'])
$script:elapsed = [double]0

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
        $thing = [pscustomobject]$properties
        if ($properties.Contains('Identity')) { Add-Eula -Update $thing }
        return $thing
    }
    if ($Value -is [array]) { return New-Collection -Items @(foreach ($item in $Value) { ConvertTo-Thing -Value $item -Name '' }) }
    if ($null -ne $Value -and @('LastDeploymentChangeTime', 'Deadline', 'Date') -contains $Name) { return ConvertTo-Time -Text $Value }
    $Value
}

# ---- Time, downloads, installations ---------------------------------------------------------------------------------------
function Get-FakeElapsed {
    $script:elapsed
}

function Get-FakeNow {
    if (-not $State['now']) { return [datetime]::UtcNow }
    $now = [datetimeoffset]::Parse($State['now'], [cultureinfo]::InvariantCulture).UtcDateTime.AddSeconds($script:elapsed)
    foreach ($jump in @($State['jumps'])) {
        if ($null -ne $jump -and $script:elapsed -ge $jump['after']) { $now = $now.AddSeconds($jump['by']) }
    }
    $now
}

function Test-FakeBusy($Who) {
    foreach ($time in @($State['busy'])) {
        if ($null -ne $time -and $time['who'] -eq $Who -and $script:elapsed -ge $time['from'] -and $script:elapsed -lt $time['until']) { return $true }
    }
    $false
}

# Whether the host goes down when it is told to.
function Test-FakeBoot {
    [bool]$State['boots']
}

function Add-Eula($Update) {
    Add-Member -InputObject $Update -MemberType ScriptMethod -Name 'AcceptEula' -Value {
        Add-FakeCall -Name 'eula' -Facts @{ id = $this.Identity.UpdateID }
        if ($this.PSObject.Properties.Name -contains 'RefusesEula') { throw [Runtime.InteropServices.COMException]::new('No', -2145124317) }
    }
}

function New-FakeCollection {
    $collection = [pscustomobject]@{ FakeItems = [Collections.ArrayList]@() }
    Add-Member -InputObject $collection -MemberType ScriptMethod -Name 'Add' -Value {
        param($Update)
        $this.FakeItems.Add($Update)
    }
    $collection
}

# IDownloadResult, IInstallationResult: one update at a time is all that the worker asks for.
function New-FakeOutcome($Answer) {
    $outcome = [pscustomobject]@{ ResultCode = $Answer['code']; FakeAnswer = $Answer }
    Add-Member -InputObject $outcome -MemberType ScriptMethod -Name 'GetUpdateResult' -Value {
        param($Index)
        if ($Index -ne 0) { throw 'there is one update' }
        $said = $this.FakeAnswer
        [pscustomobject]@{ ResultCode = $said['code']; HResult = [int]$said['hresult']; RebootRequired = [bool]$said['reboot'] }
    }
    $outcome
}

function Get-FakeId($Updates) {
    if ($Updates.FakeItems.Count -ne 1) { throw 'one update at a time' }
    "$($Updates.FakeItems[0].Identity.UpdateID)".ToLowerInvariant()
}

function New-FakeDownloader {
    $downloader = [pscustomobject]@{ Updates = $null }
    Add-Member -InputObject $downloader -MemberType ScriptMethod -Name 'Download' -Value {
        $id = Get-FakeId -Updates $this.Updates
        Add-FakeCall -Name 'download' -Facts @{ id = $id }
        $answers = @($State['downloads'][$id])
        if ($answers.Count -gt 1) { $State['downloads'][$id] = @($answers | Select-Object -Skip 1) }
        New-FakeOutcome -Answer $answers[0]
    }
    $downloader
}

function Invoke-FakeInstall($Id) {
    $answer = $State['installs'][$Id]
    Add-FakeCall -Name 'install' -Facts @{ id = $Id; at = $script:elapsed }
    if ($answer['throws']) { throw [Runtime.InteropServices.COMException]::new('It is not allowed', [int]$answer['throws']) }
    $script:elapsed += [double]$answer['seconds']
    foreach ($name in 'registry', 'system_info', 'installer') {
        if ($null -eq $answer[$name]) { continue }
        foreach ($pair in @($answer[$name].GetEnumerator())) { $State[$name][$pair.Key] = $pair.Value }
    }
    New-FakeOutcome -Answer $answer
}

# What a host without a word about it has: nothing that is busy, no updates to install.
function New-FakeInstaller {
    $words = @{ Updates = $null; ClientApplicationID = ''; AllowSourcePrompts = $true; ForceQuiet = $false }
    foreach ($pair in $State['installer'].GetEnumerator()) { $words[$pair.Key] = $pair.Value }
    if (Test-FakeBusy -Who 'agent') { $words['IsBusy'] = $true }
    $installer = [pscustomobject]$words
    Add-Member -InputObject $installer -MemberType ScriptMethod -Name 'Install' -Value {
        if (-not $this.ForceQuiet -or $this.AllowSourcePrompts) { throw 'nobody is there to answer' }
        Invoke-FakeInstall -Id (Get-FakeId -Updates $this.Updates)
    }
    $installer
}

# A key of the registry, or null.
function Get-FakeKey($Path) {
    $keys = $State['registry']
    $name = $Path -replace '^Registry::'
    if ($null -eq $keys -or $null -eq $keys[$name]) { return $null }
    $key = [pscustomobject]@{ FakeValues = $keys[$name] }
    Add-Member -InputObject $key -MemberType ScriptMethod -Name 'GetValueNames' -Value { @($this.FakeValues.Keys | Sort-Object) }
    Add-Member -InputObject $key -MemberType ScriptMethod -Name 'GetValue' -Value {
        param($Name, $Default)
        if ($this.FakeValues.ContainsKey($Name)) { return , $this.FakeValues[$Name] }
        , $Default
    }
    $key
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
        New-FakeInstaller
    }
    Add-Member -InputObject $session -MemberType ScriptMethod -Name 'CreateUpdateDownloader' -Value { New-FakeDownloader }
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
        'Microsoft.Update.UpdateColl' {
            New-FakeCollection
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
    param([string]$ClassName, [string]$Filter, [uint32]$OperationTimeoutSec)

    Add-FakeCall -Name 'cim' -Facts @{ class = $ClassName; limit = $OperationTimeoutSec; filter = $Filter }
    if ($ClassName -eq 'Win32_LogicalDisk') {
        if ($null -eq $State['free_mb']) { throw 'the drive does not tell' }
        return [pscustomobject]@{ FreeSpace = [uint64]$State['free_mb'] * 1MB }
    }
    [pscustomobject]@{ LastBootUpTime = [datetime]::SpecifyKind((ConvertTo-Time -Text $State['boot_time']), 'Utc') }
}

# The catalog, and keys of the registry, which are absent where nothing is said of them.
function Get-Item {
    [CmdletBinding()]
    param([string]$LiteralPath, [switch]$Force)

    if ($LiteralPath -notlike 'Registry::*' -and $null -ne $State['file_time']) {
        return [pscustomobject]@{ LastWriteTimeUtc = [datetime]::SpecifyKind((ConvertTo-Time -Text $State['file_time']), 'Utc'); Hidden = [bool]$Force }
    }
    $key = Get-FakeKey -Path $LiteralPath
    if ($null -ne $key) { return $key }
    $exception = [Management.Automation.ItemNotFoundException]::new("Cannot find path '$LiteralPath' because it does not exist.")
    $PSCmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'PathNotFound', 'ObjectNotFound', $null))
}

function Start-Sleep {
    [CmdletBinding()]
    param([int]$Seconds, [int]$Milliseconds)

    Add-FakeCall -Name 'sleep' -Facts @{ seconds = $Seconds; milliseconds = $Milliseconds }
    $script:elapsed += $Seconds
}

function Get-Process {
    [CmdletBinding()]
    param([string[]]$Name)

    foreach ($one in $Name) { if (Test-FakeBusy -Who $one) { [pscustomobject]@{ ProcessName = $one } } }
}

function Start-Process {
    [CmdletBinding()]
    param([string]$FilePath, [string[]]$ArgumentList, [switch]$Wait, [switch]$PassThru)

    if (-not $Wait -or -not $PassThru) { throw 'its exit code is asked for' }
    Add-FakeCall -Name 'process' -Facts @{ path = $FilePath; line = $ArgumentList -join ' ' }
    [pscustomobject]@{ ExitCode = [int]$State['exit_code'] }
}

Export-ModuleMember -Function @(
    'New-Object', 'Get-CimInstance', 'Get-Item', 'Start-Sleep', 'Get-Process', 'Start-Process', 'Add-FakeCall', 'Get-FakeCalls'
    'Get-FakeCabinetTime', 'Get-FakeNow', 'Get-FakeElapsed', 'Test-FakeBusy', 'Test-FakeBoot'
)
