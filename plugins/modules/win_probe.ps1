#!powershell

# Copyright: (c) 2026, winops.patching contributors
# SPDX-License-Identifier: GPL-3.0-or-later

#Requires -Version 5.1

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$script:os = $null

function ConvertTo-Table($From) {
    $table = @{}
    if ($From -is [Collections.IDictionary]) { foreach ($name in $From.Keys) { $table[$name] = $From[$name] } }
    else { foreach ($property in $From.PSObject.Properties) { $table[$property.Name] = $property.Value } }
    $table
}

function Get-Value($From, $Name) {
    if ($From.PSObject.Properties[$Name]) { $From.$Name }
    else { $null }
}

function Get-Time($Time) {
    if ($Time -is [datetime]) { $Time.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture) }
    else { $null }
}

# ConvertTo-Json of 5.1 distorts all else.
function ConvertTo-Plain($Value, [int]$Depth) {
    if ($Value -is [datetime]) { return Get-Time -Time $Value }
    if ($null -eq $Value -or $Value -is [string] -or $Value -is [valuetype]) { return $Value }
    if ($Depth -ge 2) { return [string]$Value }
    Get-Map -From $Value -Depth ($Depth + 1)
}

function Get-Map($From, $Names, [int]$Depth) {
    if ($From -is [Collections.IDictionary]) { $From = [pscustomobject]$From }
    $properties = $From.PSObject.Properties
    if ($properties['CimInstanceProperties']) { $properties = $From.CimInstanceProperties }
    $map = @{}
    foreach ($property in $properties) {
        $name = $property.Name
        $value = $property.Value
        if ($name -eq 'PSComputerName' -or ($Names -and $Names -notcontains $name)) { continue }
        if ($value -is [array]) { $map[$name] = @(foreach ($item in $value) { ConvertTo-Plain -Value $item -Depth $Depth }) }
        else { $map[$name] = ConvertTo-Plain -Value $value -Depth $Depth }
    }
    $map
}

# No method calls: constrained language forbids them.
function Get-Failure($Record) {
    $cause = $Record.Exception
    while ($cause.InnerException) { $cause = $cause.InnerException }
    $type = $cause.PSObject.TypeNames[0]
    $id = $Record.FullyQualifiedErrorId
    $code = '0x{0:X8}' -f $cause.HResult
    if ($id -match '^HRESULT (0x\w+)') { $code = '0x{0:X8}' -f [uint32]$Matches[1] }
    $native = [int](Get-Value -From $cause -Name 'NativeErrorCode')
    $facts = "$($Record.CategoryInfo.Category) $type=$native $code $id"
    $state = 'error'
    if ($facts -match 'PermissionDenied|UnauthorizedAccess|SecurityEx|CimException=2 |Win32Exception=5 |0x80070005|0x80041003') { $state = 'denied' }
    elseif ($facts -match ('(Item|Directory|Drive)NotFound|FileNotFound\w+=0 0x80070002 (?!.*NewObject)|CimException=[356] |' +
            '0x80040154|0x80041(00E|010|002)|NoMatching')) {
        $state = 'absent'
    }
    elseif ($facts -match 'Timeout|0x00040004') { $state = 'timeout' }
    @{ state = $state; error = @{ type = $type; hresult = $code; message = $cause.Message } }
}

function Get-KeyTime($Key) {
    try {
        $code = '[DllImport("ntdll.dll")] public static extern int NtQueryKey(IntPtr k, int i, byte[] b, int n, out int s);'
        if (-not ('Winops.Key' -as [type])) { Add-Type -Namespace 'Winops' -Name 'Key' -MemberDefinition $code }
        $bytes = [byte[]]::new(1024)
        $size = 0
        if ([Winops.Key]::NtQueryKey($Key.Handle.DangerousGetHandle(), 0, $bytes, 1024, [ref]$size) -ne 0) { throw }
        Get-Time -Time ([datetime]::FromFileTimeUtc([BitConverter]::ToInt64($bytes, 0)))
    }
    catch { $null }
}

function Read-Registry($Ask) {
    $key = Get-Item -LiteralPath "Registry::$($Ask.path)"
    $values = @{}
    foreach ($name in $key.GetValueNames()) {
        if ($null -ne $Ask['values'] -and @($Ask['values']) -notcontains $name) { continue }
        $kind = "REG_$($key.GetValueKind($name))".ToUpperInvariant() -replace '_?STRING$', '_SZ'
        $data = $key.GetValue($name, $null, 'DoNotExpandEnvironmentNames')
        $value = @{ kind = $kind; data = $data }
        if ($kind -eq 'REG_MULTI_SZ' -and $null -ne $data) { $value.data = [string[]]@($data) }
        elseif ($data -is [byte[]]) { $value.data = [BitConverter]::ToString($data).Replace('-', '').ToLowerInvariant() }
        $values[$name] = $value
    }
    $answer = @{ values = $values }
    if ($Ask['subkeys']) { $answer.subkeys = @($key.GetSubKeyNames()) }
    if ($Ask['write_time']) { $answer.write_time = Get-KeyTime -Key $key }
    $answer
}

function Read-CimQuery($Ask) {
    $query = @{ Namespace = $Ask.namespace; ClassName = $Ask.class; OperationTimeoutSec = 30 }
    if ($Ask['filter']) { $query['Filter'] = $Ask.filter }
    if ($Ask['properties']) { $query['Property'] = [string[]]$Ask.properties }
    @{ instances = @(foreach ($instance in Get-CimInstance @query) { Get-Map -From $instance -Names $Ask['properties'] }) }
}

function Read-CimMethod($Ask) {
    $call = @{ Namespace = $Ask.namespace; ClassName = $Ask.class; MethodName = $Ask.method; OperationTimeoutSec = 30 }
    $reading = '^(CCM_ClientUtilities\.DetermineIfRebootPending|MSFT_DSCLocalConfigurationManager\.GetMetaConfiguration)$'
    if ("$($Ask.class).$($Ask.method)" -notmatch $reading) { throw 'not a reading method' }
    Get-Map -From (Invoke-CimMethod @call)
}

# Member access would turn a failure into null.
function Read-ComProperty($Ask) {
    $object = New-Object -ComObject $Ask.progid
    if ([Runtime.InteropServices.Marshal]::IsComObject($object)) {
        $value = [System.__ComObject].InvokeMember($Ask.property, 'GetProperty', $null, $object, $null)
    }
    else { $value = $object.($Ask.property) }
    @{ value = ConvertTo-Plain -Value $value }
}

function Read-File($Ask) {
    $item = Get-Item -LiteralPath $Ask.path -Force
    $answer = @{ length = Get-Value -From $item -Name 'Length'; modified = Get-Time -Time $item.LastWriteTimeUtc; version = $null; sha256 = $null }
    if ($Ask['version']) {
        $info = $item.VersionInfo
        $version = '{0}.{1}.{2}.{3}' -f $info.FileMajorPart, $info.FileMinorPart, $info.FileBuildPart, $info.FilePrivatePart
        if ($version -ne '0.0.0.0') { $answer.version = $version }
    }
    if ($Ask['hash']) { $answer.sha256 = (Get-FileHash -LiteralPath $Ask.path -ErrorAction Stop).Hash.ToLowerInvariant() }
    $answer
}

function Read-TextTail($Ask) {
    $stream = [IO.File]::Open($Ask.path, 'Open', 'Read', 'ReadWrite, Delete')
    try {
        $length = $stream.Length
        $most = [long]65536
        if ($Ask['max_bytes']) { $most = [long]$Ask.max_bytes }
        $from = [Math]::Max([long]0, $length - $most)
        if ($null -ne $Ask['offset']) { $from = [Math]::Min([long]$Ask.offset, $length) }
        $stream.Position = $from
        $bytes = [byte[]]::new([Math]::Min($most, $length - $from))
        $got = $stream.Read($bytes, 0, $bytes.Length)
        if ($got -gt 0 -and $from + $got -lt $length) {
            $line = [Array]::LastIndexOf($bytes, [byte]10, $got - 1)
            if ($line -ge 0) { $got = $line + 1 }
        }
        @{ text = [Text.Encoding]::UTF8.GetString($bytes, 0, $got); offset = $from + $got; length = $length }
    }
    finally { $stream.Dispose() }
}

function Read-Process($Ask) {
    $running = @(foreach ($process in Get-Process) {
        if (@($Ask.names) -notcontains $process.Name) { continue }
        @{ name = $process.Name; id = $process.Id; started = Get-Time -Time (Get-Value -From $process -Name 'StartTime') }
    })
    if ($running) { @{ running = $running } }
}

function Read-Service($Ask) {
    $services = @(foreach ($name in $Ask.names) {
        try { $service = Get-Service -Name $name }
        catch {
            if ($_.FullyQualifiedErrorId -like 'NoServiceFound*') { continue }
            throw
        }
        $state = ("$($service.Status)" -creplace '(.)([A-Z])', '$1_$2').ToLowerInvariant()
        $start = "$(Get-Value -From $service -Name 'StartType')".ToLowerInvariant() -replace 'automatic', 'auto'
        @{ name = $service.Name; state = $state; start = $start }
    })
    if ($services) { @{ services = $services } }
}

function Read-Mutex($Ask) {
    $mutex = $null
    if ([Threading.Mutex]::TryOpenExisting($Ask.name, [ref]$mutex)) {
        $mutex.Dispose()
        @{ exists = $true }
    }
}

function Read-Event($Ask) {
    $filter = @{ LogName = $Ask.log }
    if ($Ask['provider']) { $filter['ProviderName'] = $Ask.provider }
    if ($null -ne $Ask['ids']) { $filter['Id'] = [int[]]$Ask.ids }
    $found = @()
    try { $found = @(Get-WinEvent -FilterHashtable $filter -MaxEvents $Ask.max) }
    catch {
        if ($_.FullyQualifiedErrorId -notlike 'NoMatchingEvents*') { throw }
    }
    $events = @(foreach ($entry in $found) {
        $data = @(foreach ($property in $entry.Properties) { "$($property.Value)" })
        @{ id = $entry.Id; time = Get-Time -Time $entry.TimeCreated; provider = $entry.ProviderName; message = $entry.Message; data = $data }
    })
    @{ events = $events }
}

# A reader without a result has found nothing: absent.
function Invoke-Probe($Ask) {
    $begun = [datetime]::UtcNow
    $answer = @{ state = 'absent' }
    try {
        if ($begun -ge $script:until) { throw [TimeoutException]'the time limit had passed' }
        if ($Ask['path']) {
            $Ask['path'] = [Environment]::ExpandEnvironmentVariables($Ask.path)
            if ($Ask.path -match '^\w+\\SOFTWARE\\(?!Policies)|^\w:\\Windows\\System32' -and
                [Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess) { throw 'redirected: 32-bit process' }
        }
        $data = & ('Read-' + ($Ask.kind -replace '_')) -Ask $Ask
        if ($null -ne $data) {
            $answer.state = 'ok'
            $answer.data = $data
        }
    }
    catch {
        $failure = Get-Failure -Record $_
        $answer.state = $failure.state
        if ($failure.state -ne 'absent') { $answer.error = $failure.error }
    }
    $answer.ms = [int]([datetime]::UtcNow - $begun).TotalMilliseconds
    $answer
}

function Get-System {
    $identity = [Security.Principal.WindowsIdentity]
    $os = { if (-not $script:os) { $script:os = Get-CimInstance -ClassName Win32_OperatingSystem -OperationTimeoutSec 30 }; $script:os }
    $facts = @{
        computer_name = { $env:COMPUTERNAME }
        os_caption = { (& $os).Caption }
        os_build = {
            $key = Get-Item -LiteralPath 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
            "$($key.GetValue('CurrentBuild')).$($key.GetValue('UBR'))".Trim('.')
        }
        product_type = { (& $os).ProductType }
        boot_time = { Get-Time -Time (& $os).LastBootUpTime }
        time_zone = { [TimeZoneInfo]::Local.Id }
        powershell = { "$($PSVersionTable.PSVersion)" }
        is_64bit = { [Environment]::Is64BitProcess }
        user = { $identity::GetCurrent().Name }
        elevated = { ([Security.Principal.WindowsPrincipal]$identity::GetCurrent()).IsInRole(544) }
        is_system = { $identity::GetCurrent().IsSystem }
        language_mode = { "$($ExecutionContext.SessionState.LanguageMode)" }
        execution_policy = { "$(Get-ExecutionPolicy)" }
        clock = { Get-Time -Time ([datetime]::UtcNow) }
    }
    $system = @{}
    $problems = @()
    foreach ($name in $facts.Keys) {
        $system[$name] = $null
        try { $system[$name] = & $facts[$name] }
        catch { $problems += @{ field = $name; error = (Get-Failure -Record $_).error } }
    }
    $system.errors = $problems
    $system
}

$arguments = ConvertTo-Table -From $complex_args
$limit = 120
if ($arguments['time_limit']) { $limit = [int]$arguments.time_limit }
$script:until = [datetime]::UtcNow.AddSeconds($limit)
$answers = @{}
foreach ($probe in $arguments.probes) {
    $ask = ConvertTo-Table -From $probe
    $answers[[string]$ask.id] = Invoke-Probe -Ask $ask
}
ConvertTo-Json -InputObject @{ changed = $false; probes = $answers; system = Get-System } -Depth 12 -Compress
