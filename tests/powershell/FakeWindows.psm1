# Copyright: (c) 2026, winops.patching contributors
# SPDX-License-Identifier: GPL-3.0-or-later

#Requires -Version 5.1

# A Windows host out of a state file, for the scripts of this collection: functions that are found before the commands
# of the same name. What a script reads through static calls (mutexes, file contents, the process's own identity) and
# through P/Invoke (the write time of a key) cannot be replaced; the recorder leaves it out and says so.

# The host, in the words of the simulator's host file, with os filled in.
param(
    [hashtable]$State
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$script:hives = @{
    HKLM = 'HKEY_LOCAL_MACHINE'; HKCU = 'HKEY_CURRENT_USER'; HKCR = 'HKEY_CLASSES_ROOT'
    HKU = 'HKEY_USERS'; HKCC = 'HKEY_CURRENT_CONFIG'
}
$script:kinds = @{
    REG_SZ = 'String'; REG_EXPAND_SZ = 'ExpandString'; REG_MULTI_SZ = 'MultiString'
    REG_DWORD = 'DWord'; REG_QWORD = 'QWord'; REG_BINARY = 'Binary'; REG_NONE = 'None'
}
$script:starts = @{ auto = 'Automatic'; manual = 'Manual'; disabled = 'Disabled'; boot = 'Boot'; system = 'System' }
# Logs that every Windows has, even when they are empty.
$script:logs = @(
    'Application', 'Security', 'Setup', 'System'
    'Microsoft-Windows-WindowsUpdateClient/Operational', 'Microsoft-Windows-TaskScheduler/Operational'
)
# What a process finds on every Windows, and not elsewhere.
$script:environment = @{
    SystemRoot = 'C:\Windows'; windir = 'C:\Windows'; SystemDrive = 'C:'
    ProgramFiles = 'C:\Program Files'; ProgramData = 'C:\ProgramData'
}
# Refused to a filtered token, as the simulator has it.
$script:guarded = @(
    'HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing'
    'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager'
)
$script:keys = @{}
$script:children = @{}
$script:files = @{}

# ---- The state -------------------------------------------------------------------------------------------------------
function Get-Part($Table, $Name, $Default) {
    if ($null -ne $Table -and $null -ne $Table[$Name]) { $Table[$Name] }
    else { $Default }
}

# Texts become times only here; a cast to datetime would make them local.
function ConvertTo-Time($Text) {
    [datetimeoffset]::Parse($Text, [cultureinfo]::InvariantCulture).UtcDateTime
}

function Get-FullKeyPath($Path) {
    $hive, $rest = $Path.TrimEnd('\') -split '\\', 2
    if ($script:hives.ContainsKey($hive)) { $hive = $script:hives[$hive] }
    if ($rest) { "$hive\$rest" }
    else { $hive }
}

# The key, and every key above it that nobody listed.
function Add-FakeKey($Path, $Entry) {
    $script:keys[$Path] = $Entry
    while ($Path.Contains('\')) {
        $at = $Path.LastIndexOf('\')
        $parent = $Path.Substring(0, $at)
        if (-not $script:children.ContainsKey($parent)) { $script:children[$parent] = @{} }
        $script:children[$parent][$Path.Substring($at + 1)] = $true
        if (-not $script:keys.ContainsKey($parent)) { $script:keys[$parent] = @{} }
        $Path = $parent
    }
}

# Every Windows tells its build here; a state file says it under os.
function Add-BuildKey {
    $build, $revision = $State.os.build -split '\.', 2
    $values = @{ CurrentBuild = @{ type = 'REG_SZ'; data = $build } }
    if ($revision) { $values['UBR'] = @{ type = 'REG_DWORD'; data = $revision } }
    $script:keys['HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion'] = @{ values = $values }
}

function Initialize-Host {
    foreach ($pair in $script:environment.GetEnumerator()) {
        if (-not [Environment]::GetEnvironmentVariable($pair.Key)) { [Environment]::SetEnvironmentVariable($pair.Key, $pair.Value) }
    }
    $script:bootTime = ConvertTo-Time -Text $State.os.boot_time
    $script:elevated = Get-Part -Table $State['token'] -Name 'elevated' -Default $true
    Add-BuildKey
    foreach ($pair in (Get-Part -Table $State -Name 'registry' -Default @{}).GetEnumerator()) {
        Add-FakeKey -Path (Get-FullKeyPath -Path $pair.Key) -Entry $pair.Value
    }
    foreach ($pair in (Get-Part -Table $State -Name 'files' -Default @{}).GetEnumerator()) {
        $script:files[[Environment]::ExpandEnvironmentVariables($pair.Key)] = $pair.Value
    }
    $script:denied = @(foreach ($entry in @(Get-Part -Table $State -Name 'denied' -Default @())) {
        [Environment]::ExpandEnvironmentVariables((Get-FullKeyPath -Path ($entry.Replace('/', '\'))))
    })
}

# ---- Failures, as real hosts show them ----------------------------------------------------------------------------------
# An entry covers what lies below it, as far as one of the separators follows. Without separators it must be the same.
function Test-Covered($Target, $Entries, $Separators) {
    foreach ($entry in @($Entries)) {
        if ($Target -eq $entry) { return $true }
        if ($Target.Length -le $entry.Length -or $Target.Substring(0, $entry.Length) -ne $entry) { continue }
        if ($Separators.Contains([string]$Target[$entry.Length])) { return $true }
    }
    $false
}

function Test-NameDenied($Name) {
    Test-Covered -Target ($Name.Replace('/', '\')) -Entries $script:denied -Separators ''
}

# The id and the category of an error survive only in a record that the command itself throws.
function Stop-Command($Command, $Exception, $Id, $Category) {
    $Command.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($Exception, $Id, $Category, $null))
}

function Stop-Denied($Command, $Message) {
    Stop-Command -Command $Command -Exception ([UnauthorizedAccessException]::new($Message)) -Id 'AccessDenied' -Category 'PermissionDenied'
}

function Stop-Absent($Command, $Path) {
    $exception = [Management.Automation.ItemNotFoundException]::new("Cannot find path '$Path' because it does not exist.")
    Stop-Command -Command $Command -Exception $exception -Id 'PathNotFound' -Category 'ObjectNotFound'
}

# CimException's own constructor takes no code; the id of the error carries it as well.
function Stop-Cim($Command, $Message, $Native, $Code) {
    $category = 'ObjectNotFound'
    if ($Native -eq 2) { $category = 'PermissionDenied' }
    $exception = [InvalidOperationException]::new($Message)
    $exception.PSObject.TypeNames.Insert(0, 'Microsoft.Management.Infrastructure.CimException')
    Add-Member -InputObject $exception -NotePropertyName 'NativeErrorCode' -NotePropertyValue $Native
    Stop-Command -Command $Command -Exception $exception -Id "HRESULT $Code" -Category $category
}

# What the fake does not know must not look like an answer of Windows.
function Stop-Unknown($Command, $What) {
    $exception = [NotSupportedException]::new("FakeWindows does not know $What")
    Stop-Command -Command $Command -Exception $exception -Id 'FakeWindows' -Category 'NotImplemented'
}

# ---- Registry and files ---------------------------------------------------------------------------------------------------
# Windows hands numbers out signed, a state file may hold them unsigned.
function ConvertTo-Signed($Data, $Most, $Span) {
    $number = [decimal]"$Data"
    if ($number -gt [decimal]$Most) { $number = $number - [decimal]$Span }
    $number
}

function ConvertTo-Bytes($Hex) {
    $bytes = [byte[]]::new($Hex.Length / 2)
    for ($i = 0; $i -lt $bytes.Length; $i++) { $bytes[$i] = [Convert]::ToByte($Hex.Substring(2 * $i, 2), 16) }
    , $bytes
}

# The comma keeps lists of one line and of none.
function ConvertTo-Data($Kind, $Data) {
    if ($Kind -eq 'REG_MULTI_SZ') { return , [string[]]@($Data) }
    if ($Kind -eq 'REG_BINARY' -or $Kind -eq 'REG_NONE') { return , (ConvertTo-Bytes -Hex "$Data") }
    if ($Kind -eq 'REG_DWORD') { return [int](ConvertTo-Signed -Data $Data -Most '2147483647' -Span '4294967296') }
    if ($Kind -eq 'REG_QWORD') { return [long](ConvertTo-Signed -Data $Data -Most '9223372036854775807' -Span '18446744073709551616') }
    "$Data"
}

# Without a Handle: nobody can give a fake key a write time.
function New-FakeKey($Path) {
    $kinds = @{}
    $data = @{}
    foreach ($pair in (Get-Part -Table $script:keys[$Path] -Name 'values' -Default @{}).GetEnumerator()) {
        $value = $pair.Value
        $kinds[$pair.Key] = $script:kinds[$value.type]
        $data[$pair.Key] = ConvertTo-Data -Kind $value.type -Data $value['data']
    }
    [string[]]$names = @(foreach ($pair in $kinds.GetEnumerator()) { $pair.Key })
    [string[]]$subKeys = @()
    if ($script:children.ContainsKey($Path)) {
        $subKeys = @(foreach ($pair in $script:children[$Path].GetEnumerator()) { $pair.Key }) | Sort-Object
    }
    $key = [pscustomobject]@{ Name = $Path; FakeNames = $names; FakeKinds = $kinds; FakeData = $data; FakeSubKeys = $subKeys }
    $methods = @{
        GetValueNames = { , $this.FakeNames }
        GetSubKeyNames = { , $this.FakeSubKeys }
        GetValueKind = {
            param($Name)
            $this.FakeKinds[$Name]
        }
        GetValue = {
            param($Name, $Default)
            if ($this.FakeData.ContainsKey($Name)) { , $this.FakeData[$Name] }
            else { , $Default }
        }
    }
    foreach ($pair in $methods.GetEnumerator()) {
        Add-Member -InputObject $key -MemberType ScriptMethod -Name $pair.Key -Value $pair.Value
    }
    $key
}

function Get-FakeKey($Command, $Path) {
    $full = Get-FullKeyPath -Path $Path
    $denied = Test-Covered -Target $full -Entries $script:denied -Separators '\'
    if (-not $script:elevated) { $denied = $denied -or (Test-Covered -Target $full -Entries $script:guarded -Separators '\') }
    if ($denied) {
        $exception = [Security.SecurityException]::new('Requested registry access is not allowed.')
        Stop-Command -Command $Command -Exception $exception -Id 'System.Security.SecurityException' -Category 'PermissionDenied'
    }
    if (-not $script:keys.ContainsKey($full)) { Stop-Absent -Command $Command -Path $Path }
    New-FakeKey -Path $full
}

function Assert-Readable($Command, $Path) {
    if (Test-Covered -Target $Path -Entries $script:denied -Separators '\') {
        Stop-Denied -Command $Command -Message "Access to the path '$Path' is denied."
    }
}

# Without text a file has made-up bytes: the hash of its version, over and over.
function Get-FakeBytes($Entry) {
    if ($Entry.ContainsKey('text')) { return , [Text.Encoding]::UTF8.GetBytes($Entry['text']) }
    $size = [int](Get-Part -Table $Entry -Name 'size' -Default 0)
    $bytes = [byte[]]::new($size)
    $block = [Security.Cryptography.SHA256]::Create().ComputeHash([Text.Encoding]::UTF8.GetBytes("$($Entry['version'])"))
    for ($at = 0; $at -lt $size; $at += $block.Length) {
        [Array]::Copy($block, 0, $bytes, $at, [Math]::Min($block.Length, $size - $at))
    }
    , $bytes
}

function Get-FakeLength($Entry) {
    if ($Entry.ContainsKey('text')) { [long]([Text.Encoding]::UTF8.GetByteCount($Entry['text'])) }
    else { [long](Get-Part -Table $Entry -Name 'size' -Default 0) }
}

# A folder is there as soon as a listed file lies in it; like a real one it has no length.
function Get-FakeFile($Command, $Path) {
    Assert-Readable -Command $Command -Path $Path
    if ($script:files.ContainsKey($Path)) {
        $entry = $script:files[$Path]
        $modified = $script:bootTime
        if ($entry['modified']) { $modified = ConvertTo-Time -Text $entry['modified'] }
        $parts = @("$($entry['version']).0.0.0.0".TrimStart('.') -split '\.')
        $version = [pscustomobject]@{
            FileMajorPart = [int]$parts[0]; FileMinorPart = [int]$parts[1]
            FileBuildPart = [int]$parts[2]; FilePrivatePart = [int]$parts[3]
        }
        return [pscustomobject]@{ Length = Get-FakeLength -Entry $entry; LastWriteTimeUtc = $modified; VersionInfo = $version }
    }
    $folder = $Path.TrimEnd('\') + '\'
    foreach ($pair in $script:files.GetEnumerator()) {
        if ($pair.Key.StartsWith($folder, 'OrdinalIgnoreCase')) { return [pscustomobject]@{ LastWriteTimeUtc = $script:bootTime } }
    }
    Stop-Absent -Command $Command -Path $Path
}

function Get-Item {
    [CmdletBinding()]
    param([string]$LiteralPath, [switch]$Force)

    if ($LiteralPath -match '^Registry::(.+)$') { Get-FakeKey -Command $PSCmdlet -Path $Matches[1] }
    elseif ($LiteralPath -match '^[A-Za-z]:\\') { Get-FakeFile -Command $PSCmdlet -Path $LiteralPath }
    else { Stop-Unknown -Command $PSCmdlet -What "the path '$LiteralPath'" }
}

function Get-FileHash {
    [CmdletBinding()]
    param([string]$LiteralPath, [string]$Algorithm = 'SHA256')

    Assert-Readable -Command $PSCmdlet -Path $LiteralPath
    if (-not $script:files.ContainsKey($LiteralPath)) { Stop-Absent -Command $PSCmdlet -Path $LiteralPath }
    if ($Algorithm -ne 'SHA256') { Stop-Unknown -Command $PSCmdlet -What "the algorithm '$Algorithm'" }
    $bytes = Get-FakeBytes -Entry $script:files[$LiteralPath]
    $hash = [Security.Cryptography.SHA256]::Create().ComputeHash($bytes)
    [pscustomobject]@{ Algorithm = $Algorithm; Hash = [BitConverter]::ToString($hash).Replace('-', ''); Path = $LiteralPath }
}

# ---- CIM and COM ------------------------------------------------------------------------------------------------------------
function Get-ClassPath($Namespace, $ClassName) {
    $Namespace.Replace('/', '\').Trim('\') + ':' + $ClassName
}

# The entry of a table whose key names the same class or method; nothing without one.
function Get-CimEntry($Word, $Path) {
    foreach ($pair in (Get-Part -Table $State -Name $Word -Default @{}).GetEnumerator()) {
        if ($pair.Key.Replace('/', '\') -eq $Path) { return $pair }
    }
}

# Namespaces and classes exist as soon as one class or one method of them is listed.
function Test-CimListed($Pattern) {
    foreach ($word in 'cim', 'methods') {
        foreach ($pair in (Get-Part -Table $State -Name $word -Default @{}).GetEnumerator()) {
            if ($pair.Key.Replace('/', '\') -match $Pattern) { return $true }
        }
    }
    $false
}

function Assert-Cim($Command, $Namespace, $Path) {
    $denied = Test-Covered -Target $Path -Entries $script:denied -Separators '\:.'
    if ($denied -or (-not $script:elevated -and $Namespace -notmatch '^root[\\/]cimv2$')) {
        Stop-Cim -Command $Command -Message 'Access denied' -Native 2 -Code '0x80041003'
    }
}

function Stop-NoClass($Command, $Path) {
    $namespace = ($Path -split ':')[0]
    if ($namespace -eq 'root\cimv2' -or (Test-CimListed -Pattern ('^' + [regex]::Escape($namespace) + ':'))) {
        Stop-Cim -Command $Command -Message 'Invalid class' -Native 5 -Code '0x80041010'
    }
    Stop-Cim -Command $Command -Message 'Invalid namespace' -Native 3 -Code '0x8004100e'
}

function Get-OperatingSystem {
    $os = $State.os
    $build = ($os.build -split '\.')[0]
    $type = 1
    if ($os.caption -match 'server') { $type = 3 }
    @{
        Caption = $os.caption; BuildNumber = $build; Version = "10.0.$build"
        ProductType = $type; LastBootUpTime = $script:bootTime; Status = 'OK'
    }
}

# Comparisons for equality, joined by AND. Anything else is refused.
function Test-Filter($Command, $Filter, $Instance) {
    foreach ($part in $Filter -split '\s+AND\s+') {
        if ($part -notmatch '^\s*(\w+)\s*(=|<>|!=)\s*(?:''([^''\\]*)''|"([^"\\]*)"|(-?\d+|TRUE|FALSE))\s*$') {
            Stop-Unknown -Command $Command -What "the filter '$Filter'"
        }
        $name, $operator = $Matches[1], $Matches[2]
        $wanted = @(foreach ($group in 3, 4, 5) { if ($Matches.ContainsKey($group)) { $Matches[$group] } })[0]
        if (("$($Instance[$name])" -eq $wanted) -ne ($operator -eq '=')) { return $false }
    }
    $true
}

function Get-CimInstance {
    [CmdletBinding()]
    param(
        [string]$ClassName, [string]$Namespace = 'root\cimv2', [string]$Filter,
        [string[]]$Property, [uint32]$OperationTimeoutSec
    )

    $path = Get-ClassPath -Namespace $Namespace -ClassName $ClassName
    Assert-Cim -Command $PSCmdlet -Namespace $Namespace -Path $path
    $entry = Get-CimEntry -Word 'cim' -Path $path
    $instances = @()
    if ($null -ne $entry) { $instances = @($entry.Value) }
    elseif ($path -eq 'root\cimv2:Win32_OperatingSystem') { $instances = @(Get-OperatingSystem) }
    elseif ($path -match '^root\\cimv2:Win32_(ComputerSystem|Process|Service)$') {
        Stop-Unknown -Command $PSCmdlet -What "the class $ClassName of a host that does not list it"
    }
    elseif (-not (Test-CimListed -Pattern ('^' + [regex]::Escape($path) + '($|\.)'))) { Stop-NoClass -Command $PSCmdlet -Path $path }
    foreach ($instance in $instances) {
        if (-not $Filter -or (Test-Filter -Command $PSCmdlet -Filter $Filter -Instance $instance)) { [pscustomobject]$instance }
    }
}

function Invoke-CimMethod {
    [CmdletBinding()]
    param([string]$Namespace = 'root\cimv2', [string]$ClassName, [string]$MethodName, [uint32]$OperationTimeoutSec)

    $class = Get-ClassPath -Namespace $Namespace -ClassName $ClassName
    $path = "$class.$MethodName"
    Assert-Cim -Command $PSCmdlet -Namespace $Namespace -Path $path
    $entry = Get-CimEntry -Word 'methods' -Path $path
    if ($null -ne $entry) { return [pscustomobject]$entry.Value }
    if (Test-CimListed -Pattern ('^' + [regex]::Escape($class) + '($|\.)')) {
        Stop-Cim -Command $PSCmdlet -Message 'Not found' -Native 6 -Code '0x80041002'
    }
    Stop-NoClass -Command $PSCmdlet -Path $class
}

function Get-FakeProgram($Command, $Id) {
    $agent = Get-Part -Table $State -Name 'update_agent' -Default $null
    $refuses = $null -ne $agent -and $agent['remote'] -eq 'denied' -and $Id -like 'Microsoft.Update.*'
    if ($refuses -or -not $script:elevated -or (Test-NameDenied -Name $Id)) {
        Stop-Denied -Command $Command -Message 'Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))'
    }
    $programs = @{}
    if ($null -ne $agent) {
        $required = [bool](Get-Part -Table $agent -Name 'reboot_required' -Default $false)
        $programs = @{
            'Microsoft.Update.SystemInfo' = @{ RebootRequired = $required; OemHardwareSupportLink = '' }
            'Microsoft.Update.Installer' = @{ IsBusy = $false; RebootRequiredBeforeInstallation = $required }
            'Microsoft.Update.AutoUpdate' = @{ ServiceEnabled = $true }
            'Microsoft.Update.Session' = @{ ClientApplicationID = ''; ReadOnly = $false }
        }
    }
    if (-not $programs.ContainsKey($Id)) {
        $exception = [Runtime.InteropServices.COMException]::new('Class not registered', -2147221164)
        Stop-Command -Command $Command -Exception $exception -Id 'NoCOMClassIdentified' -Category 'ResourceUnavailable'
    }
    [pscustomobject]$programs[$Id]
}

# In the order of the real one, whose first two may come by position; all but COM is the real one's business.
function New-Object {
    [CmdletBinding()]
    param(
        [string]$TypeName, [object[]]$ArgumentList, [string]$ComObject,
        [Collections.IDictionary]$Property, [switch]$Strict
    )

    if ($ComObject) { Get-FakeProgram -Command $PSCmdlet -Id $ComObject }
    else {
        $real = Get-Command -Name 'New-Object' -CommandType Cmdlet
        & $real @PSBoundParameters
    }
}

# ---- Processes, services, events ----------------------------------------------------------------------------------------------
function Get-Process {
    [CmdletBinding()]
    param()

    foreach ($process in @(Get-Part -Table $State -Name 'processes' -Default @())) {
        $name = $process.name -replace '\.exe$'
        [pscustomobject]@{ Name = $name; Id = [int]$process.id; StartTime = $script:bootTime.AddMinutes(1) }
    }
}

function Get-Service {
    [CmdletBinding()]
    param([string]$Name)

    if (Test-NameDenied -Name $Name) {
        $inner = [UnauthorizedAccessException]::new('Access is denied.')
        $outer = [InvalidOperationException]::new("Cannot open the service '$Name'.", $inner)
        Stop-Command -Command $PSCmdlet -Exception $outer -Id 'CouldNotAccessService' -Category 'PermissionDenied'
    }
    foreach ($pair in (Get-Part -Table $State -Name 'services' -Default @{}).GetEnumerator()) {
        if ($pair.Key -ne $Name) { continue }
        $status = Get-Part -Table $pair.Value -Name 'state' -Default 'running'
        $start = Get-Part -Table $pair.Value -Name 'start' -Default 'auto'
        $words = @(foreach ($word in $status -split '_') { $word.Substring(0, 1).ToUpperInvariant() + $word.Substring(1) })
        return [pscustomobject]@{ Name = $pair.Key; Status = $words -join ''; StartType = $script:starts[$start] }
    }
    $exception = [InvalidOperationException]::new("Cannot find any service with service name '$Name'.")
    Stop-Command -Command $PSCmdlet -Exception $exception -Id 'NoServiceFoundForGivenName' -Category 'ObjectNotFound'
}

function Get-LogEvent($Log) {
    foreach ($entry in @(Get-Part -Table $State -Name 'events' -Default @())) {
        if ($entry.log -ne $Log) { continue }
        $data = @(Get-Part -Table $entry -Name 'data' -Default @())
        [pscustomobject]@{
            Id = [int]$entry.id
            TimeCreated = ConvertTo-Time -Text $entry.time
            ProviderName = [string](Get-Part -Table $entry -Name 'provider' -Default '')
            Message = [string](Get-Part -Table $entry -Name 'message' -Default ($data -join ' '))
            Properties = @(foreach ($text in $data) { [pscustomobject]@{ Value = $text } })
        }
    }
}

function Get-WinEvent {
    [CmdletBinding()]
    param([hashtable]$FilterHashtable, [long]$MaxEvents)

    $log = $FilterHashtable['LogName']
    if (-not $script:elevated -or (Test-NameDenied -Name $log)) {
        Stop-Denied -Command $PSCmdlet -Message 'Attempted to perform an unauthorized operation.'
    }
    $inLog = @(Get-LogEvent -Log $log)
    if ($inLog.Count -eq 0 -and $script:logs -notcontains $log) {
        $exception = [Exception]::new("There is not an event log that matches '$log'.")
        Stop-Command -Command $PSCmdlet -Exception $exception -Id 'NoMatchingLogsFound' -Category 'ObjectNotFound'
    }
    $found = @(foreach ($entry in $inLog) {
        if ($FilterHashtable.ContainsKey('ProviderName') -and $entry.ProviderName -ne $FilterHashtable['ProviderName']) { continue }
        if ($FilterHashtable.ContainsKey('Id') -and @($FilterHashtable['Id']) -notcontains $entry.Id) { continue }
        $entry
    })
    if ($found.Count -eq 0) {
        $exception = [Exception]::new('No events were found that match the specified selection criteria.')
        Stop-Command -Command $PSCmdlet -Exception $exception -Id 'NoMatchingEventsFound' -Category 'ObjectNotFound'
    }
    $found | Sort-Object -Property TimeCreated -Descending | Select-Object -First $MaxEvents
}

function Get-ExecutionPolicy {
    [CmdletBinding()]
    param()

    'Unrestricted'
}

Initialize-Host
Export-ModuleMember -Function @(
    'Get-Item', 'Get-FileHash', 'Get-CimInstance', 'Invoke-CimMethod', 'New-Object'
    'Get-Process', 'Get-Service', 'Get-WinEvent', 'Get-ExecutionPolicy'
)
