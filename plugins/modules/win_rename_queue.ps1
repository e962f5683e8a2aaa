#!powershell

# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

#Requires -Version 5.1

# Writes the rename queue that the action plugin of the same name has worked out, if the queue is still what it was.
# What stays in the queue is decided on the controller; this only compares, keeps a copy, writes and reads again.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function ConvertTo-Table($From) {
    $table = @{}
    if ($From -is [Collections.IDictionary]) { foreach ($name in $From.Keys) { $table[$name] = $From[$name] } }
    else { foreach ($property in $From.PSObject.Properties) { $table[$property.Name] = $property.Value } }
    $table
}

# A list of one text may arrive as that text, and an empty one as nothing.
function Read-Change($From) {
    $change = ConvertTo-Table -From $From
    foreach ($side in 'expected', 'wanted') {
        if (-not $change.ContainsKey($side)) { throw "the order says nothing of what is $side" }
        $change[$side] = [string[]]@(foreach ($text in $change[$side]) { $text })
    }
    $change
}

# Ordinal: two paths that only look alike are two.
function Test-Equal($Left, $Right) {
    $first = @($Left)
    $second = @($Right)
    if ($first.Count -ne $second.Count) { return $false }
    for ($place = 0; $place -lt $first.Count; $place++) {
        if ([string]::CompareOrdinal([string]$first[$place], [string]$second[$place]) -ne 0) { return $false }
    }
    $true
}

# A value that is not there, or is of another type, equals no list.
function Test-Value($Key, $Name, $Wanted) {
    if (@($Key.GetValueNames()) -notcontains $Name) { return (@($Wanted).Count -eq 0) }
    if ($Key.GetValueKind($Name) -ne [Microsoft.Win32.RegistryValueKind]::MultiString) { return $false }
    [string[]]$found = $Key.GetValue($Name)
    Test-Equal -Left $found -Right $Wanted
}

function Save-Queue($Base, $Path, $Changes) {
    $copy = $Base.CreateSubKey($Path)
    foreach ($change in $Changes) {
        $copy.SetValue($change.name, [string[]]@($change.expected), [Microsoft.Win32.RegistryValueKind]::MultiString)
        if (-not (Test-Value -Key $copy -Name $change.name -Wanted $change.expected)) { throw "the copy of $($change.name) differs" }
    }
    $copy.Dispose()
}

# RegistryKey keeps every empty string of a list; regedit and reg.exe do not.
function Write-Queue($Key, $Changes) {
    foreach ($change in $Changes) {
        if (@($change.wanted).Count -eq 0) { $Key.DeleteValue($change.name, $false) }
        else { $Key.SetValue($change.name, [string[]]@($change.wanted), [Microsoft.Win32.RegistryValueKind]::MultiString) }
    }
}

function Get-Refusal($Reason, $Text) {
    [ordered]@{ changed = $false; failed = $true; reason = $Reason; msg = $Text }
}

function Set-Queue($Changes, $Stamp) {
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    $key = $base.OpenSubKey('SYSTEM\CurrentControlSet\Control\Session Manager', $true)
    if ($null -eq $key) { return Get-Refusal -Reason 'error' -Text 'the key Session Manager was not found; nothing was changed' }
    foreach ($change in $Changes) {
        if (-not (Test-Value -Key $key -Name $change.name -Wanted $change.expected)) {
            return Get-Refusal -Reason 'queue_changed' -Text "$($change.name) has changed meanwhile; nothing was changed: run the task again"
        }
    }
    $backup = "SOFTWARE\winops.patching\RenameQueueBackup\$Stamp"
    Save-Queue -Base $base -Path $backup -Changes $Changes
    # One of the two values may have been written when the other fails.
    try { Write-Queue -Key $key -Changes $Changes }
    catch { return Get-Refusal -Reason 'write_differs' -Text "$($_.Exception.Message) The old queue is kept in HKLM\$backup" }
    foreach ($change in $Changes) {
        if (-not (Test-Value -Key $key -Name $change.name -Wanted $change.wanted)) {
            return Get-Refusal -Reason 'write_differs' -Text "$($change.name) is not what was written; the old one is kept in HKLM\$backup"
        }
    }
    [ordered]@{ changed = $true; backup = "HKLM\$backup" }
}

# No method calls: constrained language forbids them.
function Get-Failure($Record) {
    $cause = $Record.Exception
    while ($cause.InnerException) { $cause = $cause.InnerException }
    $type = $cause.PSObject.TypeNames[0]
    if ($type -match 'SecurityException|UnauthorizedAccessException') {
        return Get-Refusal -Reason 'not_elevated' -Text "access denied: connect as an administrator with an elevated token ($($cause.Message))"
    }
    Get-Refusal -Reason 'error' -Text "the queue could not be written: $($cause.Message)"
}

$order = ConvertTo-Table -From $complex_args
if (-not $order.ContainsKey('changes') -or -not $order.ContainsKey('stamp')) {
    $name = 'winops.patching.win_rename_queue'
    $result = Get-Refusal -Reason 'error' -Text "$name runs through its action plugin: call it by its full name, $name"
}
else {
    try {
        $changes = @(foreach ($change in $order['changes']) { Read-Change -From $change })
        $result = Set-Queue -Changes $changes -Stamp $order['stamp']
    }
    catch { $result = Get-Failure -Record $_ }
}
ConvertTo-Json -InputObject $result -Compress
