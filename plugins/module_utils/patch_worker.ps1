# Copyright: (c) 2026, winops.patching contributors
# SPDX-License-Identifier: GPL-3.0-or-later

#Requires -Version 5.1

# The worker of a patch job. A scheduled task runs it as SYSTEM, with the folder of the job; see docs/patch_job.md.
# Without a folder it only defines its functions. It judges nothing: it asks, writes down what it was told, and ends.

param(
    [string]$JobFolder
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

# ---- What lies outside: clock, files, registry. A test puts its own in place of these, or of the commands they call. ----
function Get-Now {
    (Get-Date).ToUniversalTime()
}

# What the agent hands out is UTC without saying so. A date before 1980 is an empty one.
function Get-TimeText($Time) {
    if ($Time -isnot [datetime] -or $Time.Year -lt 1980) { return $null }
    if ($Time.Kind -eq 'Local') { $Time = $Time.ToUniversalTime() }
    $Time.ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
}

function Get-BootTime {
    try { Get-TimeText -Time (Get-CimInstance -ClassName Win32_OperatingSystem -OperationTimeoutSec 60).LastBootUpTime }
    catch { $null }
}

function Get-WorkerHash {
    try { (Get-FileHash -LiteralPath $PSCommandPath -Algorithm SHA256 -ErrorAction Stop).Hash.ToLowerInvariant() }
    catch { $null }
}

# Somebody who holds a file for a moment must not end the job.
function Invoke-Patiently($Action) {
    for ($attempt = 1; $true; $attempt++) {
        try { return & $Action }
        catch {
            if ($attempt -ge 20) { throw }
            Start-Sleep -Milliseconds 250
        }
    }
}

function Add-JournalLine($Path, $Text) {
    $bytes = [Text.UTF8Encoding]::new($false).GetBytes("$Text`n")
    $stream = Invoke-Patiently -Action { [IO.File]::Open($Path, 'Append', 'Write', 'Read') }
    try { $stream.Write($bytes, 0, $bytes.Length) }
    finally { $stream.Dispose() }
}

function Read-WholeFile($Path) {
    [IO.File]::ReadAllText($Path)
}

# Readers see the old file or the new one, never half of one.
function Write-WholeFile($Path, $Text) {
    [IO.File]::WriteAllText("$Path.new", "$Text`n", [Text.UTF8Encoding]::new($false))
    $null = Invoke-Patiently -Action { Move-Item -LiteralPath "$Path.new" -Destination $Path -Force }
}

function New-LineWriter($Path) {
    $stream = [IO.File]::Open($Path, 'Create', 'Write', 'Read')
    $writer = [IO.StreamWriter]::new($stream, [Text.UTF8Encoding]::new($false))
    $writer.NewLine = "`n"
    $writer
}

# The comma keeps the bytes one array.
function Read-FileBytes($Path, [long]$Offset, [int]$Count) {
    $stream = [IO.File]::Open($Path, 'Open', 'Read', 'ReadWrite, Delete')
    try {
        $stream.Position = $Offset
        , [IO.BinaryReader]::new($stream).ReadBytes($Count)
    }
    finally { $stream.Dispose() }
}

function Test-LocalDrive($Path) {
    if ($Path -notmatch '^[A-Za-z]:\\') { return $false }
    $drive = New-Object -TypeName 'System.IO.DriveInfo' -ArgumentList @([string]$Path[0])
    "$($drive.DriveType)" -ne 'Network'
}

function Open-Lock($Path) {
    [IO.File]::Open($Path, 'OpenOrCreate', 'ReadWrite', 'None')
}

# Volatile keys vanish with the next boot: one says which job runs, the other that this is still the same boot. A volatile key
# makes every missing key above it volatile too, and nothing lasting fits below such a one: so the one above is made first.
function Set-VolatileKey($Name, $Values) {
    $rights = [Microsoft.Win32.RegistryKeyPermissionCheck]::ReadWriteSubTree
    $root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    try {
        $above = $root.CreateSubKey('SOFTWARE\winops.patching')
        $above.Dispose()
        $key = $root.CreateSubKey("SOFTWARE\winops.patching\$Name", $rights, [Microsoft.Win32.RegistryOptions]::Volatile)
        try {
            foreach ($value in $Values.Keys) {
                $kind = [Microsoft.Win32.RegistryValueKind]::String
                if ($Values[$value] -is [int]) { $kind = [Microsoft.Win32.RegistryValueKind]::DWord }
                $key.SetValue($value, $Values[$value], $kind)
            }
        }
        finally { $key.Dispose() }
    }
    finally { $root.Dispose() }
}

# Only one's own: the next job may have begun already.
function Remove-RunningKey($Id) {
    $root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
    try {
        $key = $root.OpenSubKey('SOFTWARE\winops.patching\RunningJob')
        if ($null -eq $key) { return }
        try { $named = $key.GetValue('Id') }
        finally { $key.Dispose() }
        if ($named -eq $Id) { $root.DeleteSubKeyTree('SOFTWARE\winops.patching\RunningJob', $false) }
    }
    finally { $root.Dispose() }
}

# ---- The job: its state, its journal, its failures -----------------------------------------------------------------------
function New-JobState($Folder) {
    $place = Convert-Path -LiteralPath $Folder
    $base = $place
    $parent = [IO.Path]::GetDirectoryName($place)
    if ([IO.Path]::GetFileName($parent) -eq 'jobs') { $base = [IO.Path]::GetDirectoryName($parent) }
    @{
        folder = $place; base = $base; journal = [IO.Path]::Combine($place, 'journal.jsonl'); stop = [IO.Path]::Combine($place, 'stop')
        id = [IO.Path]::GetFileName($place); kind = $null; scan = $null; delay = 0; boot_time = $null
        step = 'starting'; refusal = $null; stopped = $false; marked = $false
        selection = 0; word = 'default'; service = $null; service_name = $null; catalog = $null; added = $null
        manager = $null; session = $null; searcher = $null; online = $true
        warnings = [Collections.ArrayList]@(); errors = [Collections.ArrayList]@(); unread = @{}
        waiting = [Collections.ArrayList]@(); waiting_known = $true
    }
}

function ConvertTo-Line($Value) {
    ConvertTo-Json -InputObject $Value -Depth 6 -Compress
}

function Write-Journal($Job, $Phase, $Facts) {
    $entry = [ordered]@{ at = Get-TimeText -Time (Get-Now); phase = $Phase }
    foreach ($name in $Facts.Keys) { $entry[$name] = $Facts[$name] }
    Add-JournalLine -Path $Job.journal -Text (ConvertTo-Line -Value $entry)
}

# Codes come signed or unsigned; both have the same eight digits.
function Get-CodeText($Code) {
    $number = [long]$Code
    if ($number -lt 0) { $number += 4294967296 }
    '0x{0:X8}' -f $number
}

function Get-Failure($Record) {
    $cause = $Record.Exception
    while ($null -ne $cause.InnerException) { $cause = $cause.InnerException }
    $message = "$($cause.Message)"
    if ($message.Length -gt 1000) { $message = $message.Substring(0, 1000) }
    @{ type = $cause.GetType().FullName; hresult = Get-CodeText -Code $cause.HResult; message = $message }
}

function Add-Warning($Job, $Context, $Record) {
    $failure = Get-Failure -Record $Record
    $null = $Job.warnings.Add([ordered]@{ context = $Context; hresult = $failure.hresult; message = $failure.message })
}

# Ends the job with a word of our own instead of the type of an exception.
function Stop-Refused($Job, $Word, $Message) {
    $Job.refusal = $Word
    throw $Message
}

function Assert-NotStopped($Job) {
    if (Test-Path -LiteralPath $Job.stop) {
        $Job.stopped = $true
        throw 'stopped on request'
    }
}

# In short sleeps, so that a request to stop is seen soon.
function Wait-Time($Job, [int]$Seconds) {
    while ($Seconds -gt 0) {
        Assert-NotStopped -Job $Job
        $part = [Math]::Min(15, $Seconds)
        Start-Sleep -Seconds $part
        $Seconds = $Seconds - $part
    }
    Assert-NotStopped -Job $Job
}

# 7 makes a time of a text that looks like one.
function ConvertTo-Table($From) {
    $table = [ordered]@{}
    foreach ($property in $From.PSObject.Properties) {
        $value = $property.Value
        if ($value -is [datetime]) { $value = Get-TimeText -Time $value }
        $table[$property.Name] = $value
    }
    $table
}

function Read-Plan($Job) {
    $plan = ConvertTo-Table -From (ConvertFrom-Json -InputObject (Read-WholeFile -Path ([IO.Path]::Combine($Job.folder, 'plan.json'))))
    if ($plan['schema'] -ne 'winops.patching/plan/1') {
        Stop-Refused -Job $Job -Word 'bad_plan' -Message "this worker knows plans of winops.patching/plan/1, not of '$($plan['schema'])'"
    }
    if ($plan['id']) { $Job.id = [string]$plan['id'] }
    $Job.kind = [string]$plan['kind']
    if ($null -ne $plan['delay_seconds']) { $Job.delay = [int]$plan['delay_seconds'] }
    if ($null -ne $plan['scan']) { $Job.scan = ConvertTo-Table -From $plan['scan'] }
}

# Marks help others to see the job; without them it works all the same.
function Set-Marks($Job) {
    try { Set-VolatileKey -Name 'BootMark' -Values @{} }
    catch { Add-Warning -Job $Job -Context 'boot_mark' -Record $_ }
    try {
        Set-VolatileKey -Name 'RunningJob' -Values @{
            Id = $Job.id; Kind = $Job.kind; ProcessId = [int]$PID; StartedAt = Get-TimeText -Time (Get-Now)
        }
        $Job.marked = $true
    }
    catch { Add-Warning -Job $Job -Context 'running_job' -Record $_ }
}

function Clear-Marks($Job) {
    if (-not $Job.marked) { return }
    try { Remove-RunningKey -Id $Job.id }
    catch { $Job.marked = $false }
}

# ---- The update agent's objects ----------------------------------------------------------------------------------------------
# Plain member access makes null of a getter that fails; only InvokeMember tells. The comma keeps a collection whole.
function Get-ComValue($From, $Name) {
    if ([Runtime.InteropServices.Marshal]::IsComObject($From)) {
        $value = [System.__ComObject].InvokeMember($Name, 'GetProperty', $null, $From, $null)
    }
    else { $value = $From.$Name }
    , $value
}

# Something with Count and Item, which all collections of the agent have.
function Get-Collection($From) {
    if ($null -eq $From) { return , @() }
    if ([Runtime.InteropServices.Marshal]::IsComObject($From) -or $null -ne $From.PSObject.Methods['Item']) { return , $From }
    , @($From)
}

function Get-ComItem($From, [int]$Index) {
    if ($From -is [array]) { $item = $From[$Index] }
    else { $item = $From.Item($Index) }
    , $item
}

function Add-Unreadable($Job, $Name, $Record) {
    if (-not $Job.unread.ContainsKey($Name)) { $Job.unread[$Name] = @{ times = 0; failure = Get-Failure -Record $Record } }
    $Job.unread[$Name].times++
}

# Null because it could not be read, or because it is null: the first is written down, once for each property. A VARIANT that
# holds null arrives as DBNull.
function Read-Value($Job, $From, $Name) {
    if ($null -eq $From) { return $null }
    try { $value = Get-ComValue -From $From -Name $Name }
    catch {
        Add-Unreadable -Job $Job -Name $Name -Record $_
        return $null
    }
    if ($value -is [DBNull]) { return $null }
    , $value
}

# An empty text and none are the same to the agent.
function Read-Text($Job, $From, $Name) {
    $text = [string](Read-Value -Job $Job -From $From -Name $Name)
    if ($text -eq '') { return $null }
    $text
}

function Read-Number($Job, $From, $Name) {
    $value = Read-Value -Job $Job -From $From -Name $Name
    if ($null -eq $value) { return $null }
    try { [long]$value }
    catch { $null }
}

function Read-Flag($Job, $From, $Name) {
    $value = Read-Value -Job $Job -From $From -Name $Name
    if ($value -isnot [bool]) { return $null }
    $value
}

function Read-Time($Job, $From, $Name) {
    Get-TimeText -Time (Read-Value -Job $Job -From $From -Name $Name)
}

function Read-Code($Job, $From, $Name) {
    $value = Read-Number -Job $Job -From $From -Name $Name
    if ($null -eq $value) { return $null }
    Get-CodeText -Code $value
}

function Read-Id($Job, $From, $Name) {
    $value = Read-Text -Job $Job -From $From -Name $Name
    if (-not $value) { return $null }
    $value.ToLowerInvariant()
}

# A list that breaks off is no list.
function Read-List($Job, $From, $Name) {
    $value = Read-Value -Job $Job -From $From -Name $Name
    if ($null -eq $value) { return $null }
    try {
        $list = Get-Collection -From $value
        $count = Get-ComValue -From $list -Name 'Count'
        $texts = @(for ($i = 0; $i -lt $count; $i++) { [string](Get-ComItem -From $list -Index $i) })
    }
    catch {
        Add-Unreadable -Job $Job -Name $Name -Record $_
        return $null
    }
    , $texts
}

function Read-Categories($Job, $Update) {
    $value = Read-Value -Job $Job -From $Update -Name 'Categories'
    if ($null -eq $value) { return $null }
    try {
        $list = Get-Collection -From $value
        $count = Get-ComValue -From $list -Name 'Count'
        $categories = @(for ($i = 0; $i -lt $count; $i++) {
            $category = Get-ComItem -From $list -Index $i
            [ordered]@{
                id = Read-Id -Job $Job -From $category -Name 'CategoryID'
                name = Read-Text -Job $Job -From $category -Name 'Name'
                type = Read-Text -Job $Job -From $category -Name 'Type'
            }
        })
    }
    catch {
        Add-Unreadable -Job $Job -Name 'Categories' -Record $_
        return $null
    }
    , $categories
}

# Without its identity an update is no use, and neither is the scan: that one failure is not caught here.
function Read-Update($Job, $Update) {
    $identity = Get-ComValue -From $Update -Name 'Identity'
    $id = [string](Get-ComValue -From $identity -Name 'UpdateID')
    if (-not $id) { throw 'the agent returned an update without an id' }
    $behavior = Read-Value -Job $Job -From $Update -Name 'InstallationBehavior'
    [ordered]@{
        line = 'update'
        id = $id.ToLowerInvariant()
        revision = Read-Number -Job $Job -From $identity -Name 'RevisionNumber'
        title = Read-Text -Job $Job -From $Update -Name 'Title'
        kb = [string[]](Read-List -Job $Job -From $Update -Name 'KBArticleIDs')
        categories = [object[]](Read-Categories -Job $Job -Update $Update)
        type = Read-Number -Job $Job -From $Update -Name 'Type'
        severity = Read-Text -Job $Job -From $Update -Name 'MsrcSeverity'
        cves = [string[]](Read-List -Job $Job -From $Update -Name 'CveIDs')
        bulletins = [string[]](Read-List -Job $Job -From $Update -Name 'SecurityBulletinIDs')
        min_size = Read-Number -Job $Job -From $Update -Name 'MinDownloadSize'
        max_size = Read-Number -Job $Job -From $Update -Name 'MaxDownloadSize'
        installed = Read-Flag -Job $Job -From $Update -Name 'IsInstalled'
        downloaded = Read-Flag -Job $Job -From $Update -Name 'IsDownloaded'
        hidden = Read-Flag -Job $Job -From $Update -Name 'IsHidden'
        mandatory = Read-Flag -Job $Job -From $Update -Name 'IsMandatory'
        present = Read-Flag -Job $Job -From $Update -Name 'IsPresent'
        beta = Read-Flag -Job $Job -From $Update -Name 'IsBeta'
        uninstallable = Read-Flag -Job $Job -From $Update -Name 'IsUninstallable'
        browse_only = Read-Flag -Job $Job -From $Update -Name 'BrowseOnly'
        reboot_required = Read-Flag -Job $Job -From $Update -Name 'RebootRequired'
        reboot_behavior = Read-Number -Job $Job -From $behavior -Name 'RebootBehavior'
        impact = Read-Number -Job $Job -From $behavior -Name 'Impact'
        can_request_user_input = Read-Flag -Job $Job -From $behavior -Name 'CanRequestUserInput'
        eula_accepted = Read-Flag -Job $Job -From $Update -Name 'EulaAccepted'
        deployment_action = Read-Number -Job $Job -From $Update -Name 'DeploymentAction'
        deadline = Read-Time -Job $Job -From $Update -Name 'Deadline'
        last_deployment_change = Read-Time -Job $Job -From $Update -Name 'LastDeploymentChangeTime'
        supersedes = [string[]](Read-List -Job $Job -From $Update -Name 'SupersededUpdateIDs')
    }
}

function Read-Entry($Job, $Entry) {
    $identity = Read-Value -Job $Job -From $Entry -Name 'UpdateIdentity'
    [ordered]@{
        line = 'history'
        date = Read-Time -Job $Job -From $Entry -Name 'Date'
        operation = Read-Number -Job $Job -From $Entry -Name 'Operation'
        result_code = Read-Number -Job $Job -From $Entry -Name 'ResultCode'
        hresult = Read-Code -Job $Job -From $Entry -Name 'HResult'
        unmapped_result_code = Read-Number -Job $Job -From $Entry -Name 'UnmappedResultCode'
        title = Read-Text -Job $Job -From $Entry -Name 'Title'
        id = Read-Id -Job $Job -From $identity -Name 'UpdateID'
        revision = Read-Number -Job $Job -From $identity -Name 'RevisionNumber'
        client = Read-Text -Job $Job -From $Entry -Name 'ClientApplicationID'
        server_selection = Read-Number -Job $Job -From $Entry -Name 'ServerSelection'
        service_id = Read-Id -Job $Job -From $Entry -Name 'ServiceID'
    }
}

# ---- The offline catalog -------------------------------------------------------------------------------------------------------
# The latest date of the files inside, out of the cabinet's own list at its front. Null where it holds none.
function Get-CabinetDate($Path) {
    [byte[]]$head = Read-FileBytes -Path $Path -Offset 0 -Count 36
    if ($head.Length -lt 36 -or [Text.Encoding]::ASCII.GetString($head, 0, 4) -cne 'MSCF') { throw 'it is no cabinet file' }
    $files = [BitConverter]::ToUInt16($head, 28)
    [byte[]]$list = Read-FileBytes -Path $Path -Offset ([BitConverter]::ToUInt32($head, 16)) -Count 65536
    $latest = $null
    $at = 0
    for ($i = 0; $i -lt $files -and $at + 16 -lt $list.Length; $i++) {
        $day = [int][BitConverter]::ToUInt16($list, $at + 10)
        $clock = [int][BitConverter]::ToUInt16($list, $at + 12)
        $at = [Array]::IndexOf($list, [byte]0, $at + 16) + 1
        try {
            $date = [datetime]::new(1980 + ($day -shr 9), ($day -shr 5) -band 15, $day -band 31,
                $clock -shr 11, ($clock -shr 5) -band 63, ($clock -band 31) * 2, [DateTimeKind]::Utc)
        }
        catch { $date = $null }
        if ($null -ne $date -and ($null -eq $latest -or $date -gt $latest)) { $latest = $date }
        if ($at -eq 0) { break }
    }
    $latest
}

function Assert-Catalog($Job) {
    $path = [string]$Job.scan['scan_cab']
    if (-not (Test-LocalDrive -Path $path)) {
        Stop-Refused -Job $Job -Word 'catalog_not_local' -Message "the catalog must lie on a local drive, with its drive letter: '$path' does not"
    }
    try { $file = Get-Item -LiteralPath $path -Force -ErrorAction Stop }
    catch { Stop-Refused -Job $Job -Word 'catalog_absent' -Message "the catalog '$path' is not there or not readable: $($_.Exception.Message)" }
    try { $date = Get-CabinetDate -Path $path }
    catch { Stop-Refused -Job $Job -Word 'catalog_unreadable' -Message "the catalog '$path' is not readable: $((Get-Failure -Record $_).message)" }
    $Job.catalog = [ordered]@{ catalog_date = Get-TimeText -Time $date; catalog_file_date = Get-TimeText -Time $file.LastWriteTimeUtc }
    Write-Journal -Job $Job -Phase 'scanning' -Facts ([ordered]@{
        step = 'catalog'; catalog_date = $Job.catalog['catalog_date']; catalog_file_date = $Job.catalog['catalog_file_date']
    })
    if ($null -eq $Job.scan['catalog_max_age_days']) { return }
    $most = [double]$Job.scan['catalog_max_age_days']
    $dates = "its own date is $($Job.catalog['catalog_date']), its file's $($Job.catalog['catalog_file_date'])"
    if ($null -eq $date) { Stop-Refused -Job $Job -Word 'catalog_undated' -Message "the catalog '$path' tells no date of its own: $dates" }
    if (((Get-Now) - $date).TotalDays -gt $most) {
        Stop-Refused -Job $Job -Word 'catalog_old' -Message "the catalog '$path' is older than $most days: $dates. Copy a newer one to the host"
    }
}

function Connect-Manager($Job) {
    if ($null -eq $Job.manager) { $Job.manager = New-Object -ComObject 'Microsoft.Update.ServiceManager' }
}

# A job that was killed leaves its service behind.
function Remove-OldCatalogs($Job) {
    $services = Get-Collection -From (Get-ComValue -From $Job.manager -Name 'Services')
    $count = Get-ComValue -From $services -Name 'Count'
    $old = @(for ($i = 0; $i -lt $count; $i++) {
        $service = Get-ComItem -From $services -Index $i
        if ((Read-Text -Job $Job -From $service -Name 'Name') -eq 'winops.patching') { [string](Get-ComValue -From $service -Name 'ServiceID') }
    })
    foreach ($id in $old) { $null = $Job.manager.RemoveService($id) }
}

function Add-Catalog($Job) {
    $path = [string]$Job.scan['scan_cab']
    Connect-Manager -Job $Job
    try { Remove-OldCatalogs -Job $Job }
    catch { Add-Warning -Job $Job -Context 'remove_service' -Record $_ }
    $service = $Job.manager.AddScanPackageService('winops.patching', $path, 0)
    $Job.added = [string](Get-ComValue -From $service -Name 'ServiceID')
    $Job.service = $Job.added
    $Job.selection = 3
    $Job.word = 'service'
}

function Remove-Catalog($Job) {
    if (-not $Job.added) { return }
    try { $null = $Job.manager.RemoveService($Job.added) }
    catch { Add-Warning -Job $Job -Context 'remove_service' -Record $_ }
    $Job.added = $null
}

# ---- The search ------------------------------------------------------------------------------------------------------------------
# Busy servers, broken connections, services that start or stop. Not those that only an administrator can mend, such as
# 0x80244017 to 19 and 1B (HTTP 401, 403, 404, 407) and 0x80244011 (no server set).
function Test-Transient($Code) {
    @(
        '0x80240009', '0x8024001B', '0x8024001E', '0x8024001F', '0x80240021', '0x80244007'
        '0x80244010', '0x80244012', '0x80244013', '0x80244014', '0x80244015', '0x80244016'
        '0x8024401A', '0x8024401C', '0x8024401D', '0x8024401E', '0x8024401F'
        '0x80244021', '0x80244022', '0x80244023', '0x8024402B', '0x8024402C', '0x8024402F'
        '0x8024A10A', '0x80072EE2', '0x80072EE7', '0x80072EFD', '0x80072EFE', '0x800706BA', '0x800706BE'
    ) -contains $Code
}

function Set-Source($Job) {
    $words = @{ default = 0; managed_server = 1; windows_update = 2; microsoft_update = 3; service = 3 }
    $Job.word = [string]$Job.scan['server_selection']
    if (-not $Job.word) { $Job.word = 'default' }
    if (-not $words.ContainsKey($Job.word)) { Stop-Refused -Job $Job -Word 'bad_plan' -Message "there is no server_selection '$($Job.word)'" }
    $Job.selection = $words[$Job.word]
    if ($Job.word -eq 'microsoft_update') { $Job.service = '7971f918-a847-4430-9279-4a52d1efe18d' }
    if ($Job.word -eq 'service') {
        $Job.service = [string]$Job.scan['service_id']
        if (-not $Job.service) { Stop-Refused -Job $Job -Word 'bad_plan' -Message 'server_selection service needs a service_id' }
    }
}

# Anew for each attempt: the objects of an agent that has stopped do not come back.
function Connect-Agent($Job) {
    $Job.session = New-Object -ComObject 'Microsoft.Update.Session'
    try { $Job.session.ClientApplicationID = 'winops.patching' }
    catch { Add-Warning -Job $Job -Context 'client_id' -Record $_ }
    $Job.searcher = $Job.session.CreateUpdateSearcher()
    $Job.searcher.ServerSelection = $Job.selection
    if ($Job.service) { $Job.searcher.ServiceID = $Job.service }
    $Job.searcher.Online = $Job.online
}

function Search-Once($Job, [int]$Attempt) {
    Assert-NotStopped -Job $Job
    Write-Journal -Job $Job -Phase 'scanning' -Facts ([ordered]@{
        step = 'searching'; attempt = $Attempt; criteria = [string]$Job.scan['criteria']
        server_selection = $Job.word; service_id = $Job.service; online = $Job.online
    })
    Connect-Agent -Job $Job
    $found = $Job.searcher.Search([string]$Job.scan['criteria'])
    $code = Get-ComValue -From $found -Name 'ResultCode'
    if (@(2, 3) -notcontains $code) { Stop-Refused -Job $Job -Word 'result_code' -Message "the agent ended the search with result code $code" }
    , $found
}

function Search-Patiently($Job, [int]$Attempts) {
    for ($attempt = 1; $true; $attempt++) {
        try { return , (Search-Once -Job $Job -Attempt $attempt) }
        catch {
            $code = (Get-Failure -Record $_).hresult
            if ($Job.stopped -or $attempt -ge $Attempts -or -not (Test-Transient -Code $code)) { throw }
        }
        $seconds = [int](60 * [Math]::Pow(2, [Math]::Min($attempt - 1, 6)))
        Write-Journal -Job $Job -Phase 'scanning' -Facts ([ordered]@{ step = 'backing_off'; attempt = $attempt; hresult = $code; seconds = $seconds })
        Wait-Time -Job $Job -Seconds $seconds
    }
}

# A search of the local store says less than one that went online, and the result says so.
function Search-Updates($Job) {
    $attempts = 5
    if ($null -ne $Job.scan['attempts']) { $attempts = [Math]::Max(1, [int]$Job.scan['attempts']) }
    $online = "$($Job.scan['online'])"
    $Job.online = $online -ne 'false' -or $null -ne $Job.added
    try { return , (Search-Patiently -Job $Job -Attempts $attempts) }
    catch {
        $first = $_
        $failure = Get-Failure -Record $first
        $mayFallBack = $online -eq 'auto' -and -not $Job.stopped -and $null -eq $Job.added
        if (-not $mayFallBack -or -not (Test-Transient -Code $failure.hresult)) { throw }
        $null = $Job.errors.Add([ordered]@{ step = 'searching'; hresult = $failure.hresult; message = $failure.message })
    }
    $Job.online = $false
    try { , (Search-Once -Job $Job -Attempt ($attempts + 1)) }
    catch {
        if ($Job.stopped) { throw }
        $Job.refusal = $null
        throw $first
    }
}

function Read-History($Job) {
    $most = 0
    if ($null -ne $Job.scan['history']) { $most = [int]$Job.scan['history'] }
    if ($most -le 0) { return , @() }
    try {
        $count = [Math]::Min($most, [int]$Job.searcher.GetTotalHistoryCount())
        if ($count -le 0) { return , @() }
        $entries = $Job.searcher.QueryHistory(0, $count)
        return , (Get-Collection -From $entries)
    }
    catch {
        $failure = Get-Failure -Record $_
        $null = $Job.errors.Add([ordered]@{ step = 'history'; hresult = $failure.hresult; message = $failure.message })
    }
    , @()
}

# ---- The result --------------------------------------------------------------------------------------------------------------------
# Line by line: one host may have thousands of updates.
function Write-Body($Job, $Path, $Updates, $History) {
    $writer = New-LineWriter -Path $Path
    try {
        $updateCount = [int](Get-ComValue -From $Updates -Name 'Count')
        for ($i = 0; $i -lt $updateCount; $i++) {
            Assert-NotStopped -Job $Job
            $update = Read-Update -Job $Job -Update (Get-ComItem -From $Updates -Index $i)
            if ($null -eq $update['reboot_required']) { $Job.waiting_known = $false }
            elseif ($update['reboot_required']) { $null = $Job.waiting.Add($update['id']) }
            $writer.WriteLine((ConvertTo-Line -Value $update))
        }
        $historyCount = [int](Get-ComValue -From $History -Name 'Count')
        for ($i = 0; $i -lt $historyCount; $i++) {
            Assert-NotStopped -Job $Job
            $writer.WriteLine((ConvertTo-Line -Value (Read-Entry -Job $Job -Entry (Get-ComItem -From $History -Index $i))))
        }
        $writer.WriteLine((ConvertTo-Line -Value ([ordered]@{ line = 'end'; updates = $updateCount; history = $historyCount })))
    }
    finally { $writer.Dispose() }
}

function Add-SearchWarnings($Job, $Found) {
    $value = Read-Value -Job $Job -From $Found -Name 'Warnings'
    if ($null -eq $value) { return }
    try {
        $list = Get-Collection -From $value
        $count = Get-ComValue -From $list -Name 'Count'
        for ($i = 0; $i -lt $count; $i++) {
            $warning = Get-ComItem -From $list -Index $i
            $null = $Job.warnings.Add([ordered]@{
                context = Read-Number -Job $Job -From $warning -Name 'Context'
                hresult = Read-Code -Job $Job -From $warning -Name 'HResult'
                message = Read-Text -Job $Job -From $warning -Name 'Message'
            })
        }
    }
    catch { Add-Warning -Job $Job -Context 'warnings' -Record $_ }
}

function Add-Unread($Job) {
    foreach ($name in @($Job.unread.Keys | Sort-Object)) {
        $note = $Job.unread[$name]
        $message = "$name could not be read $($note.times) times: $($note.failure.message)"
        $null = $Job.warnings.Add([ordered]@{ context = 'unreadable'; hresult = $note.failure.hresult; message = $message })
    }
}

# A value of the agent that stands alone. Null with a warning where it could not be read.
function Read-Single($Job, $Context, $Name, $Source) {
    try {
        $value = Get-ComValue -From (& $Source) -Name $Name
        if ($value -is [bool]) { return $value }
        throw "$Name is no answer: it was '$value'"
    }
    catch { Add-Warning -Job $Job -Context $Context -Record $_ }
    $null
}

function Get-PolicyServer {
    try { [string](Get-Item -LiteralPath 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate').GetValue('WUServer', $null) }
    catch { $null }
}

# The default is the managed server where there is one, else the service that automatic updates use.
function Get-ServiceRank($Job, $Service) {
    $id = Read-Id -Job $Job -From $Service -Name 'ServiceID'
    $wanted = $Job.service
    if ($Job.word -eq 'windows_update') { $wanted = '9482f4b4-e343-43b6-b170-9a65bc822c77' }
    if ($wanted) { return [int]($id -eq $wanted) * 3 }
    if (Read-Flag -Job $Job -From $Service -Name 'IsManaged') { return 3 }
    if ($Job.word -eq 'managed_server') { return 0 }
    if (Read-Flag -Job $Job -From $Service -Name 'IsDefaultAUService') { return 2 }
    0
}

# Which service was used: the agent's own list, read after the search.
function Read-Service($Job) {
    $facts = [ordered]@{ service_id = $Job.service; service_name = $null; service_managed = $null; service_server = $null }
    try {
        Connect-Manager -Job $Job
        $services = Get-Collection -From (Get-ComValue -From $Job.manager -Name 'Services')
        $best = 0
        $used = $null
        $count = Get-ComValue -From $services -Name 'Count'
        for ($i = 0; $i -lt $count; $i++) {
            $service = Get-ComItem -From $services -Index $i
            $rank = Get-ServiceRank -Job $Job -Service $service
            if ($rank -le $best) { continue }
            $best = $rank
            $used = $service
        }
        if ($null -eq $used) { return $facts }
        $facts['service_id'] = Read-Id -Job $Job -From $used -Name 'ServiceID'
        $facts['service_name'] = Read-Text -Job $Job -From $used -Name 'Name'
        $facts['service_managed'] = Read-Flag -Job $Job -From $used -Name 'IsManaged'
        $server = Read-Text -Job $Job -From $used -Name 'ServiceUrl'
        if (-not $server -and $facts['service_managed']) { $server = Get-PolicyServer }
        if ($server) { $facts['service_server'] = $server }
    }
    catch { Add-Warning -Job $Job -Context 'service' -Record $_ }
    $facts
}

function Get-AgentVersion {
    try { [string](New-Object -ComObject 'Microsoft.Update.AgentInfo').GetInfo('ProductVersionString') }
    catch { $null }
}

function Get-Header($Job, $ScannedAt, $ResultCode, $Service) {
    $header = [ordered]@{ line = 'scan'; scanned_at = $ScannedAt; online = $Job.online; result_code = $ResultCode; server_selection = $Job.word }
    foreach ($name in $Service.Keys) { $header[$name] = $Service[$name] }
    $header['catalog_date'] = $null
    $header['catalog_file_date'] = $null
    if ($null -ne $Job.catalog) { foreach ($name in $Job.catalog.Keys) { $header[$name] = $Job.catalog[$name] } }
    $header['agent_version'] = Get-AgentVersion
    $system = { New-Object -ComObject 'Microsoft.Update.SystemInfo' }
    $installer = { , $Job.session.CreateUpdateInstaller() }
    $header['reboot_required'] = Read-Single -Job $Job -Context 'system_info' -Name 'RebootRequired' -Source $system
    $header['busy'] = Read-Single -Job $Job -Context 'installer' -Name 'IsBusy' -Source $installer
    $header['reboot_required_before_installation'] = Read-Single -Job $Job -Context 'installer' -Name 'RebootRequiredBeforeInstallation' -Source $installer
    $header
}

# First the header, then what was written down while reading.
function Write-Result($Job, $Header, $BodyPath) {
    Add-Unread -Job $Job
    $Header['warnings'] = [object[]]$Job.warnings.ToArray()
    $Header['errors'] = [object[]]$Job.errors.ToArray()
    $writer = New-LineWriter -Path ([IO.Path]::Combine($Job.folder, 'result.jsonl'))
    try {
        $writer.WriteLine((ConvertTo-Line -Value $Header))
        $writer.Flush()
        $body = [IO.File]::OpenRead($BodyPath)
        try { $body.CopyTo($writer.BaseStream) }
        finally { $body.Dispose() }
    }
    finally { $writer.Dispose() }
    Remove-Item -LiteralPath $BodyPath -Force -ErrorAction SilentlyContinue
}

# What the next run may use instead of a new scan.
function Write-LastScan($Job, $Header, [int]$Updates) {
    $waiting = $null
    if ($Job.waiting_known) { $waiting = [string[]]$Job.waiting.ToArray() }
    Write-WholeFile -Path ([IO.Path]::Combine($Job.base, 'last_scan.json')) -Text (ConvertTo-Line -Value ([ordered]@{
        id = $Job.id; scanned_at = $Header['scanned_at']; reboot_required = $Header['reboot_required']
        updates_pending_reboot = $waiting; asked = $Job.scan; updates = $Updates; boot_time = $Job.boot_time
        complete = $Job.errors.Count -eq 0
    }))
}

# ---- The kinds of job -----------------------------------------------------------------------------------------------------------------
function Invoke-Scan($Job) {
    $found = Search-Updates -Job $Job
    $scannedAt = Get-TimeText -Time (Get-Now)
    $Job.step = 'reading'
    $code = [int](Get-ComValue -From $found -Name 'ResultCode')
    $updates = Get-Collection -From (Get-ComValue -From $found -Name 'Updates')
    $count = [int](Get-ComValue -From $updates -Name 'Count')
    Write-Journal -Job $Job -Phase 'scanning' -Facts ([ordered]@{ step = 'found'; updates = $count; result_code = $code })
    $history = Read-History -Job $Job
    $entries = [int](Get-ComValue -From $history -Name 'Count')
    Write-Journal -Job $Job -Phase 'scanning' -Facts ([ordered]@{ step = 'history'; entries = $entries })
    $body = [IO.Path]::Combine($Job.folder, 'result.part')
    Write-Body -Job $Job -Path $body -Updates $updates -History $history
    Add-SearchWarnings -Job $Job -Found $found
    $header = Get-Header -Job $Job -ScannedAt $scannedAt -ResultCode $code -Service (Read-Service -Job $Job)
    Remove-Catalog -Job $Job
    $Job.step = 'writing'
    Write-Result -Job $Job -Header $header -BodyPath $body
    Write-LastScan -Job $Job -Header $header -Updates $count
}

function Invoke-ScanJob($Job) {
    if ($null -eq $Job.scan -or -not $Job.scan['criteria']) { Stop-Refused -Job $Job -Word 'bad_plan' -Message 'the plan of a scan needs scan.criteria' }
    Set-Source -Job $Job
    if ($Job.delay -gt 0) {
        $Job.step = 'waiting'
        Write-Journal -Job $Job -Phase 'scanning' -Facts ([ordered]@{ step = 'waiting'; seconds = $Job.delay })
        Wait-Time -Job $Job -Seconds $Job.delay
    }
    try {
        if ($Job.scan['scan_cab']) {
            $Job.step = 'catalog'
            Assert-Catalog -Job $Job
            Add-Catalog -Job $Job
        }
        $Job.step = 'searching'
        Invoke-Scan -Job $Job
    }
    finally { Remove-Catalog -Job $Job }
}

function Invoke-Kind($Job) {
    switch ($Job.kind) {
        'scan' {
            Invoke-ScanJob -Job $Job
        }
        default {
            Stop-Refused -Job $Job -Word 'unknown_kind' -Message "this worker does not know jobs of the kind '$($Job.kind)', only scan"
        }
    }
}

function Start-Work($Job) {
    Read-Plan -Job $Job
    $Job.boot_time = Get-BootTime
    Write-Journal -Job $Job -Phase 'scanning' -Facts ([ordered]@{
        step = 'started'; process_id = $PID; worker_sha256 = Get-WorkerHash; boot_time = $Job.boot_time; engine = "$($PSVersionTable.PSVersion)"
    })
    Set-Marks -Job $Job
    Assert-NotStopped -Job $Job
    Invoke-Kind -Job $Job
}

# Where policy took the language away, nothing but commands is left to say so. By number, for -Format follows the culture of SYSTEM.
function Add-ConstrainedLine($Folder) {
    $now = (Get-Date).ToUniversalTime()
    $parts = @($now.Year, $now.Month, $now.Day, $now.Hour, $now.Minute, $now.Second)
    $at = '{0:0000}-{1:00}-{2:00}T{3:00}:{4:00}:{5:00}Z' -f $parts
    $cause = '{"step":"starting","type":"constrained_language","hresult":null,"message":"the worker runs in constrained language: allow its file"}'
    $line = '{"at":"' + $at + '","phase":"done","outcome":"failed","error":' + $cause + "}`n"
    Add-Content -LiteralPath (Join-Path -Path $Folder -ChildPath 'journal.jsonl') -Value $line -Encoding ASCII -NoNewline
}

# The lock is given back before the last line is written, for who reads that line may start the next job; the mark after
# it, for who finds neither takes the job for dead.
function Invoke-PatchWorker {
    param(
        [Parameter(Mandatory = $true)]
        [string]$JobFolder
    )

    $ErrorActionPreference = 'Stop'
    if ("$($ExecutionContext.SessionState.LanguageMode)" -ne 'FullLanguage') {
        Add-ConstrainedLine -Folder $JobFolder
        return
    }
    $job = New-JobState -Folder $JobFolder
    $end = [ordered]@{ outcome = 'finished'; error = $null }
    $lock = $null
    try {
        try { $lock = Invoke-Patiently -Action { Open-Lock -Path ([IO.Path]::Combine($job.base, 'lock')) } }
        catch { Stop-Refused -Job $job -Word 'lock_held' -Message "another job runs, or the lock cannot be opened: $((Get-Failure -Record $_).message)" }
        $null = Start-Work -Job $job
    }
    catch {
        $failure = Get-Failure -Record $_
        $cause = [ordered]@{ step = $job.step; type = $failure.type; hresult = $failure.hresult; message = $failure.message }
        if ($job.refusal) {
            $cause['type'] = $job.refusal
            $cause['hresult'] = $null
        }
        $end['outcome'] = 'failed'
        $end['error'] = $cause
        if ($job.stopped) { $end = [ordered]@{ outcome = 'stopped'; error = $null } }
    }
    finally {
        if ($null -ne $lock) { $lock.Dispose() }
        try { Write-Journal -Job $job -Phase 'done' -Facts $end }
        finally { Clear-Marks -Job $job }
    }
}

if ($JobFolder) { Invoke-PatchWorker -JobFolder $JobFolder }
