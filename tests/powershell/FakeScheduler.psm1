# Copyright: (c) 2026, winops.patching contributors
# SPDX-License-Identifier: GPL-3.0-or-later

#Requires -Version 5.1

# What win_patch_job meets on a host besides its files: the task scheduler, owners and rights, policy. The files are real
# ones, below State.root, which is given out as the program folder. Tasks and owners are kept in State.keep.

# {root, keep, owners: {path: sid}, policy, signature, start_fails, boot_time (or 'unreadable')}
param(
    [hashtable]$State
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$script:rights = @{}
$script:tasks = @{}

function Initialize-Scheduler {
    [Environment]::SetEnvironmentVariable('ProgramW6432', $null)
    [Environment]::SetEnvironmentVariable('ProgramFiles', $State['root'])
    [Environment]::SetEnvironmentVariable('SystemRoot', 'C:\Windows')
    if (-not (Test-Path -LiteralPath $State['keep'])) { return }
    $kept = ConvertFrom-Json -InputObject (Get-Content -LiteralPath $State['keep'] -Raw)
    foreach ($property in $kept.tasks.PSObject.Properties) { $script:tasks[$property.Name] = $property.Value }
    foreach ($property in $kept.rights.PSObject.Properties) { $script:rights[$property.Name] = $property.Value }
}

function Save-Scheduler {
    $text = ConvertTo-Json -InputObject @{ tasks = $script:tasks; rights = $script:rights } -Depth 6 -Compress
    [IO.File]::WriteAllText($State['keep'], $text)
}

# ---- Owners and rights -----------------------------------------------------------------------------------------------------
function Get-Acl {
    [CmdletBinding()]
    param([string]$LiteralPath)

    $owner = 'BA'
    if ($State['owners'] -and $State['owners'].ContainsKey($LiteralPath)) { $owner = $State['owners'][$LiteralPath] }
    $sddl = "O:${owner}G:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)"
    if ($script:rights.ContainsKey($LiteralPath)) { $sddl = $script:rights[$LiteralPath] }
    $acl = [pscustomobject]@{ Sddl = $sddl; Owner = "O:$owner" }
    Add-Member -InputObject $acl -MemberType ScriptMethod -Name 'SetSecurityDescriptorSddlForm' -Value {
        param($Text)
        $this.Sddl = $Text
    }
    $acl
}

function Set-Acl {
    [CmdletBinding()]
    param([string]$LiteralPath, [object]$AclObject)

    $script:rights[$LiteralPath] = $AclObject.Sddl
    Save-Scheduler
}

# ---- Policy -------------------------------------------------------------------------------------------------------------------
function Get-ExecutionPolicy {
    [CmdletBinding()]
    param([string]$Scope)

    if ($Scope -eq 'MachinePolicy' -and $State['policy']) { $State['policy'] }
    else { 'Undefined' }
}

function Get-AuthenticodeSignature {
    [CmdletBinding()]
    param([string]$LiteralPath)

    if (-not $LiteralPath.EndsWith('.ps1') -or -not [IO.File]::ReadAllText($LiteralPath)) { throw 'nothing to look at' }
    $status = 'NotSigned'
    if ($State['signature']) { $status = $State['signature'] }
    [pscustomobject]@{ Status = $status }
}

# ---- Tasks --------------------------------------------------------------------------------------------------------------------
function New-ScheduledTaskAction {
    [CmdletBinding()]
    param([string]$Execute, [string]$Argument)

    @{ Execute = $Execute; Argument = $Argument }
}

function New-ScheduledTaskPrincipal {
    [CmdletBinding()]
    param([string]$UserId, [string]$LogonType, [string]$RunLevel)

    @{ UserId = $UserId; LogonType = $LogonType; RunLevel = $RunLevel }
}

function New-ScheduledTaskTrigger {
    [CmdletBinding()]
    param([switch]$Once, [datetime]$At, [switch]$AtStartup)

    if ($AtStartup) { return [pscustomobject]@{ Once = $false; AtStartup = $true; StartBoundary = $null; EndBoundary = $null } }
    [pscustomobject]@{ Once = [bool]$Once; AtStartup = $false; StartBoundary = $At.ToString('s'); EndBoundary = $null }
}

function New-ScheduledTaskSettingsSet {
    [CmdletBinding()]
    param(
        [int]$Priority, [switch]$AllowStartIfOnBatteries, [switch]$DontStopIfGoingOnBatteries, [string]$MultipleInstances,
        [timespan]$ExecutionTimeLimit, [timespan]$DeleteExpiredTaskAfter
    )

    @{
        Priority = $Priority; MultipleInstances = $MultipleInstances; Batteries = $AllowStartIfOnBatteries -and $DontStopIfGoingOnBatteries
        ExecutionTimeLimit = $ExecutionTimeLimit.TotalHours; DeleteExpiredTaskAfter = $DeleteExpiredTaskAfter.TotalMinutes
    }
}

function Register-ScheduledTask {
    [CmdletBinding()]
    param(
        [string]$TaskName, [string]$TaskPath, [string]$Description,
        [object]$Action, [object]$Principal, [object[]]$Trigger, [object]$Settings
    )

    foreach ($one in $Trigger) { if (-not $one.EndBoundary) { throw 'a task that deletes itself needs triggers with an end' } }
    $script:tasks[$TaskName] = @{
        TaskName = $TaskName; TaskPath = $TaskPath; State = 'Ready'; Description = $Description
        Action = $Action; Principal = $Principal; Trigger = @($Trigger); Settings = $Settings
    }
    Save-Scheduler
    [pscustomobject]@{ TaskName = $TaskName }
}

function Start-ScheduledTask {
    [CmdletBinding()]
    param([string]$TaskName, [string]$TaskPath)

    if ($State['start_fails']) { throw "$TaskPath$TaskName cannot be started" }
    $script:tasks[$TaskName].State = 'Running'
    Save-Scheduler
}

function Get-ScheduledTask {
    [CmdletBinding()]
    param([string]$TaskPath)

    $found = @(foreach ($pair in $script:tasks.GetEnumerator()) {
        [pscustomobject]@{ TaskName = $pair.Key; State = $pair.Value.State; TaskPath = $TaskPath }
    })
    if ($found.Count -gt 0) { return $found }
    $exception = [InvalidOperationException]::new("No MSFT_ScheduledTask objects found with property 'TaskPath' equal to '$TaskPath'.")
    $record = [Management.Automation.ErrorRecord]::new($exception, 'CmdletizationQuery_NotFound_TaskPath', 'ObjectNotFound', $null)
    $PSCmdlet.ThrowTerminatingError($record)
}

function Unregister-ScheduledTask {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$TaskName, [string]$TaskPath)

    if (-not $script:tasks.ContainsKey($TaskName)) { throw "$TaskPath$TaskName is not there" }
    if ($PSCmdlet.ShouldProcess($TaskName)) { $script:tasks.Remove($TaskName) }
    Save-Scheduler
}

# A host that nobody says more of came up long ago.
function Get-CimInstance {
    [CmdletBinding()]
    param([string]$ClassName, [uint32]$OperationTimeoutSec)

    if ($ClassName -ne 'Win32_OperatingSystem' -or $OperationTimeoutSec -eq 0) { throw "nothing is known of $ClassName" }
    if ($State['boot_time'] -eq 'unreadable') { throw 'it does not tell when it booted' }
    $boot = [datetime]::UtcNow.AddDays(-7)
    if ($State['boot_time']) { $boot = [datetimeoffset]::Parse($State['boot_time'], [cultureinfo]::InvariantCulture).UtcDateTime }
    [pscustomobject]@{ LastBootUpTime = $boot }
}

Initialize-Scheduler
Export-ModuleMember -Function @(
    'Get-Acl', 'Set-Acl', 'Get-ExecutionPolicy', 'Get-AuthenticodeSignature', 'New-ScheduledTaskAction', 'New-ScheduledTaskPrincipal'
    'New-ScheduledTaskTrigger', 'New-ScheduledTaskSettingsSet', 'Register-ScheduledTask', 'Start-ScheduledTask', 'Get-ScheduledTask'
    'Unregister-ScheduledTask', 'Get-CimInstance'
)
