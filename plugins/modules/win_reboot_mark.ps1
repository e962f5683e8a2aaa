#!powershell

# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

#Requires -Version 5.1

# Carries out the few steps that the action plugin of the same name has worked out, on four keys and no other. Three are volatile.
# PersistentSignals outlives boots.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$own = 'SOFTWARE\winops.patching'
$agent = 'SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update'
$keys = @{
    witness = @{ parent = $own; path = "$own\RebootWitness" }
    marks = @{ parent = $own; path = "$own\RebootRequiredMarks" }
    update_agent = @{ parent = $agent; path = "$agent\RebootRequired" }
    persistent = @{ parent = $own; path = "$own\PersistentSignals" }
}

function ConvertTo-Table($From) {
    $table = @{}
    if ($From -is [Collections.IDictionary]) { foreach ($name in $From.Keys) { $table[$name] = $From[$name] } }
    elseif ($null -ne $From) { foreach ($property in $From.PSObject.Properties) { $table[$property.Name] = $property.Value } }
    $table
}

# A volatile key makes every missing key above it volatile too, so our own is made first. Windows Update's must be there.
function New-Key($Base, $Word) {
    $place = $keys[$Word]
    if ($Word -eq 'persistent') { return $Base.CreateSubKey($place.path) }
    if ($Word -eq 'update_agent') {
        $above = $Base.OpenSubKey($place.parent)
        if ($null -eq $above) { throw "there is no key $($place.parent): Windows Update is not set up here" }
    }
    else { $above = $Base.CreateSubKey($place.parent) }
    $above.Dispose()
    $check = [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree
    $Base.CreateSubKey($place.path, $check, [Microsoft.Win32.RegistryOptions]::Volatile)
}

function Set-Value($Key, $Name, $Data) {
    if ($Data -is [string]) { $Key.SetValue($Name, $Data, [Microsoft.Win32.RegistryValueKind]::String) }
    else { $Key.SetValue($Name, [int]$Data, [Microsoft.Win32.RegistryValueKind]::DWord) }
}

function Invoke-Step($Base, $Step) {
    $path = $keys[$Step.key].path
    if ($Step['drop']) {
        $Base.DeleteSubKeyTree($path, $false)
        return
    }
    $key = New-Key -Base $Base -Word $Step.key
    $values = ConvertTo-Table -From $Step['set']
    foreach ($name in $values.Keys) { Set-Value -Key $key -Name $name -Data $values[$name] }
    foreach ($name in @($Step['remove'])) {
        if ($name) { $key.DeleteValue($name, $false) }
    }
    $key.Dispose()
}

# No method calls: constrained language forbids them.
function Get-Failure($Record) {
    $cause = $Record.Exception
    while ($cause.InnerException) { $cause = $cause.InnerException }
    $type = $cause.PSObject.TypeNames[0]
    $reason = 'error'
    $text = "the mark could not be written: $($cause.Message)"
    if ($type -match 'SecurityException|UnauthorizedAccessException') {
        $reason = 'not_elevated'
        $text = "access denied: connect as an administrator with an elevated token ($($cause.Message))"
    }
    [ordered]@{ changed = $false; failed = $true; reason = $reason; msg = $text }
}

$order = ConvertTo-Table -From $complex_args
$steps = @(foreach ($step in $order['steps']) { ConvertTo-Table -From $step })
try {
    $unknown = @(foreach ($step in $steps) { if (-not $keys.ContainsKey($step.key)) { $step.key } })
    if ($steps.Count -eq 0 -or $unknown.Count -gt 0) {
        $name = 'winops.patching.win_reboot_mark'
        throw "$name runs through its action plugin: call it by its full name, $name"
    }
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    foreach ($step in $steps) { Invoke-Step -Base $base -Step $step }
    $result = [ordered]@{ changed = $true; steps = $steps.Count }
}
catch { $result = Get-Failure -Record $_ }
ConvertTo-Json -InputObject $result -Compress
