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
    try {
        $stream.Write($bytes, 0, $bytes.Length)
        # Onto the disk: after a power cut this line tells what was being done.
        $stream.Flush($true)
    }
    finally { $stream.Dispose() }
}

function Read-WholeFile($Path) {
    Invoke-Patiently -Action { [IO.File]::ReadAllText($Path) }
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
        plan = $null; install = $null; outcome = 'finished'; reboot_required = $null
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
    $Job.plan = $plan
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

# ---- Installing: what lies outside ---------------------------------------------------------------------------------------------------
# Seconds that no change of the clock moves.
function Get-Elapsed {
    [Diagnostics.Stopwatch]::GetTimestamp() / [Diagnostics.Stopwatch]::Frequency
}

# Whether somebody holds it. It is given back at once. Null where nobody could tell.
function Test-Mutex($Name) {
    $mutex = $null
    try {
        if (-not [Threading.Mutex]::TryOpenExisting($Name, [ref]$mutex)) { return $false }
    }
    catch { return $null }
    try {
        if (-not $mutex.WaitOne(0)) { return $true }
        $mutex.ReleaseMutex()
    }
    catch [Threading.AbandonedMutexException] { $mutex.ReleaseMutex() }
    finally { $mutex.Dispose() }
    $false
}

# Null where nobody could tell.
function Test-RegistryKey($Path) {
    try {
        $null = Get-Item -LiteralPath "Registry::$Path" -ErrorAction Stop
        $true
    }
    catch [Management.Automation.ItemNotFoundException] { $false }
    catch { $null }
}

# Pairs of texts, both values as one queue, as windows.md has it; null where it could not be read.
function Get-RenameQueue {
    $pairs = [Collections.ArrayList]@()
    try {
        $key = Get-Item -LiteralPath 'Registry::HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager' -ErrorAction Stop
        foreach ($name in 'PendingFileRenameOperations', 'PendingFileRenameOperations2') {
            $texts = @($key.GetValue($name, @()))
            for ($i = 0; $i -lt $texts.Count; $i += 2) {
                $target = ''
                if ($i + 1 -lt $texts.Count) { $target = $texts[$i + 1] }
                $null = $pairs.Add([string[]]@($texts[$i], $target))
            }
        }
    }
    catch [Management.Automation.ItemNotFoundException] { $pairs.Clear() }
    catch { return $null }
    , $pairs.ToArray()
}

function Get-RunOnceNames {
    try {
        $key = Get-Item -LiteralPath 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\RunOnce' -ErrorAction Stop
        $names = @($key.GetValueNames())
    }
    catch [Management.Automation.ItemNotFoundException] { $names = @() }
    catch { return $null }
    , $names
}

function Get-FreeMegabytes {
    $drive = "$env:SystemDrive"
    if (-not $drive) { $drive = 'C:' }
    try {
        $free = (Get-CimInstance -ClassName Win32_LogicalDisk -Filter "DeviceID='$drive'" -OperationTimeoutSec 60).FreeSpace
        if ($null -eq $free) { return $null }
        [long][Math]::Floor([double]$free / 1MB)
    }
    catch { $null }
}

# After a boot the agent may come later than this job. Null where nobody could tell.
function Test-AgentBusy($Job) {
    try {
        if ($null -eq $Job.session) { Connect-Agent -Job $Job }
        $installer = $Job.session.CreateUpdateInstaller()
    }
    catch { return $null }
    Read-Flag -Job $Job -From $installer -Name 'IsBusy'
}

# 0 and 1 are what a host at rest says, one that was never serviced has no such key. Null where nobody could tell.
function Test-Servicing {
    $path = 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Interface'
    try { [long](Get-Item -LiteralPath $path -ErrorAction Stop).GetValue('ServicingInProgress', 0) -gt 1 }
    catch [Management.Automation.ItemNotFoundException] { $false }
    catch { $null }
}

# That no process has this name is an error too, and the only one that is an answer. Null where nobody could tell.
function Test-Process($Name) {
    try { @(Get-Process -Name $Name -ErrorAction Stop).Count -gt 0 }
    catch {
        if ("$($_.CategoryInfo.Category)" -eq 'ObjectNotFound') { return $false }
        $null
    }
}

# What speaks against beginning because somebody is installing, or null. Who could not be asked counts as one who is.
function Get-Busy($Job) {
    $answers = @(
        @{ who = 'the update agent is installing'; busy = Test-AgentBusy -Job $Job }
        @{ who = 'Windows Installer is installing'; busy = Test-Mutex -Name 'Global\_MSIExecute' }
        @{ who = 'Windows is being serviced'; busy = Test-Servicing }
        @{ who = 'TiWorker is running'; busy = Test-Process -Name 'TiWorker' }
    )
    foreach ($answer in $answers) { if ($answer.busy) { return New-Obstacle -Reason 'other_installer' -Text $answer.who } }
    foreach ($answer in $answers) {
        if ($null -eq $answer.busy) { return New-Obstacle -Reason 'unknown' -Text "whether $($answer.who) could not be read" }
    }
    $null
}

# The exit code. With quotes or line ends in it the text would be more than a text.
function Start-Restart([int]$Seconds, $Text) {
    $said = ("$Text" -replace '["\x00-\x1f\x7f]', ' ').Trim()
    if ($said.Length -gt 500) { $said = $said.Substring(0, 500) }
    $said = $said.TrimEnd('\', ' ')
    if (-not $said) { $said = 'This computer restarts to complete the installation of updates.' }
    $line = '/r /f /t {0} /d p:2:17 /c "{1}"' -f $Seconds, $said
    $process = Start-Process -FilePath "$env:SystemRoot\System32\shutdown.exe" -ArgumentList $line -Wait -PassThru
    $process.ExitCode
}

# The boot ends this process in the middle of it.
function Wait-Down([int]$Seconds) {
    $until = (Get-Elapsed) + $Seconds
    while ((Get-Elapsed) -lt $until) { Start-Sleep -Seconds 15 }
}

# ---- Installing: plan, journal, time -----------------------------------------------------------------------------------------------------
function ConvertTo-Instant($Text) {
    if (-not $Text) { return $null }
    [datetimeoffset]::Parse([string]$Text, [cultureinfo]::InvariantCulture).UtcDateTime
}

function Get-PlanNumber($Table, $Name, [double]$Default) {
    if ($null -eq $Table[$Name]) { return $Default }
    [double]$Table[$Name]
}

function Get-PlanTable($Job, $Name) {
    if ($null -eq $Job.plan[$Name]) { return [ordered]@{} }
    ConvertTo-Table -From $Job.plan[$Name]
}

# `found` is the agent's object, `reason` and `text` say why it is not installed, `lack` why it is not ready for that yet.
function New-PlannedUpdate($Job, $Entry, [double]$Reserve) {
    $update = ConvertTo-Table -From $Entry
    if (-not $update['id']) { Stop-Refused -Job $Job -Word 'bad_plan' -Message 'an update of the plan has no id' }
    @{
        id = ([string]$update['id']).ToLowerInvariant(); revision = $update['revision']; named = $update['named'] -eq $true
        needs = (Get-PlanNumber -Table $update -Name 'run_minutes' -Default 60) * 60 + $Reserve
        found = $null; reason = $null; text = $null; lack = New-Obstacle -Reason 'download_failed' -Text 'it is not downloaded'
    }
}

function Read-InstallPlan($Job) {
    $plan = $Job.plan
    if ($null -eq $plan['updates'] -or $null -eq $plan['phases']) {
        Stop-Refused -Job $Job -Word 'bad_plan' -Message 'the plan of an installation needs updates and phases'
    }
    $Job.scan = Get-PlanTable -Job $Job -Name 'source'
    $reboot = Get-PlanTable -Job $Job -Name 'reboot'
    $reserve = (Get-PlanNumber -Table $plan -Name 'reserve_minutes' -Default 15) * 60
    $Job.install = @{
        updates = @(foreach ($entry in $plan['updates']) { New-PlannedUpdate -Job $Job -Entry $entry -Reserve $reserve })
        phases = @($plan['phases']); not_before = ConvertTo-Instant -Text $plan['not_before']
        start_before = ConvertTo-Instant -Text $plan['start_before']; deadline = ConvertTo-Instant -Text $plan['deadline']
        min_free = Get-PlanNumber -Table $plan -Name 'min_free_mb' -Default 0
        busy_wait = (Get-PlanNumber -Table $plan -Name 'busy_wait_minutes' -Default 30) * 60
        busy_left = (Get-PlanNumber -Table $plan -Name 'busy_wait_minutes' -Default 30) * 60
        clock = @{ wall = Get-Now; elapsed = Get-Elapsed; drift = 0.0 }
        begun = [Collections.ArrayList]@(); halt = $null; blocked = $false; stopped = $false; expired = $false; asks_reboot = $false
        whole = $false; waits = $false
        reboot = @{
            mode = [string]$reboot['mode']; text = $reboot['message']; number = 0
            not_before = ConvertTo-Instant -Text $reboot['not_before']; deadline = ConvertTo-Instant -Text $reboot['deadline']
            reserve = (Get-PlanNumber -Table $reboot -Name 'reserve_minutes' -Default 15) * 60
            most = Get-PlanNumber -Table $reboot -Name 'max_reboots' -Default 2
            warn = [int](Get-PlanNumber -Table $reboot -Name 'warn_seconds' -Default 300)
        }
    }
    $ids = @(foreach ($update in $Job.install.updates) { $update.id })
    if (@($ids | Sort-Object -Unique).Count -ne $ids.Count) {
        Stop-Refused -Job $Job -Word 'bad_plan' -Message 'an update stands in the plan twice'
    }
}

# A power cut may leave half a line, or none of its bytes: what is no line is nothing.
function Read-OwnJournal($Job) {
    $lines = [Collections.ArrayList]@()
    foreach ($text in (Read-WholeFile -Path $Job.journal) -split "`n") {
        if ($text -notlike '{*}') { continue }
        try { $null = $lines.Add((ConvertTo-Table -From (ConvertFrom-Json -InputObject $text))) }
        catch { continue }
    }
    , $lines.ToArray()
}

# The next line must not grow out of half a line. Ordinal: a comparison by culture does not see the zeros of a power cut.
function Repair-Journal($Job) {
    $text = Read-WholeFile -Path $Job.journal
    if ($text -and -not $text.EndsWith("`n", [StringComparison]::Ordinal)) { Add-JournalLine -Path $Job.journal -Text '' }
}

# A boot starts the task too: of a job that is over, and of one whose time has not come.
function Test-Resting($Job) {
    if ($Job.id -notlike 'install-*') { return $false }
    try { $lines = Read-OwnJournal -Job $Job }
    catch { return $false }
    foreach ($line in $lines) { if ($line['phase'] -eq 'done') { return $true } }
    if ($lines.Count -ne 1 -or $lines[0]['armed'] -ne $true) { return $false }
    $time = ConvertTo-Instant -Text $lines[0]['not_before']
    $null -ne $time -and (Get-Now).AddSeconds(60) -lt $time
}

# Who boots or is armed finds others at work now and then.
function Open-JobLock($Job) {
    $path = [IO.Path]::Combine($Job.base, 'lock')
    $most = 1
    if ($Job.id -like 'install-*') { $most = 60 }
    for ($attempt = 1; $true; $attempt++) {
        try { return Invoke-Patiently -Action { Open-Lock -Path $path } }
        catch {
            if ($attempt -ge $most) { throw }
            Start-Sleep -Seconds 15
        }
    }
}

function Test-Stop($Job) {
    Test-Path -LiteralPath $Job.stop
}

# Wall clock and steady clock must go together; where they part, that is told.
function Watch-Clock($Job, $Phase) {
    $clock = $Job.install.clock
    $drift = ((Get-Now) - $clock.wall).TotalSeconds - ((Get-Elapsed) - $clock.elapsed)
    $jump = [long][Math]::Round($drift - $clock.drift)
    if ([Math]::Abs($jump) -le 120) { return }
    $clock.drift = $drift
    Write-Journal -Job $Job -Phase $Phase -Facts ([ordered]@{ step = 'clock_jump'; seconds = $jump })
}

# By the clock that leaves less; null without an end.
function Get-TimeLeft($Job, $Until) {
    if ($null -eq $Until) { return $null }
    $clock = $Job.install.clock
    $wall = ($Until - (Get-Now)).TotalSeconds
    $steady = ($Until - $clock.wall).TotalSeconds - ((Get-Elapsed) - $clock.elapsed)
    [long][Math]::Floor([Math]::Min($wall, $steady))
}

function Test-Fit($Job, $Until, [double]$Needs) {
    $left = Get-TimeLeft -Job $Job -Until $Until
    $null -eq $left -or $Needs -le $left
}

function Wait-Moment($Job, $Phase, [double]$Most) {
    $seconds = [int][Math]::Max(1, [Math]::Min(15, [Math]::Ceiling($Most)))
    Start-Sleep -Seconds $seconds
    Watch-Clock -Job $Job -Phase $Phase
}

function Wait-Until($Job, $Phase, $Time) {
    if ($null -eq $Time -or (Get-Now) -ge $Time) { return }
    Write-Journal -Job $Job -Phase $Phase -Facts ([ordered]@{ step = 'waiting'; until = Get-TimeText -Time $Time; reason = 'not_before' })
    while ((Get-Now) -lt $Time -and -not (Test-Stop -Job $Job)) {
        Wait-Moment -Job $Job -Phase $Phase -Most (($Time - (Get-Now)).TotalSeconds)
    }
}

# What Get-Busy says when the patience, or the time for what comes next, is over.
function Wait-Idle($Job, $Phase, [double]$Seconds, $Until, [double]$Needs) {
    $busy = Get-Busy -Job $Job
    if ($null -eq $busy -or $Seconds -le 0) { return $busy }
    $end = (Get-Elapsed) + $Seconds
    $later = (Get-Now).AddSeconds($Seconds)
    Write-Journal -Job $Job -Phase $Phase -Facts ([ordered]@{
        step = 'waiting'; until = Get-TimeText -Time $later; reason = 'other_installer'; text = $busy.text
    })
    while ($null -ne $busy -and (Get-Elapsed) -lt $end) {
        if ((Test-Stop -Job $Job) -or -not (Test-Fit -Job $Job -Until $Until -Needs $Needs)) { break }
        Wait-Moment -Job $Job -Phase $Phase -Most ($end - (Get-Elapsed))
        $busy = Get-Busy -Job $Job
    }
    $busy
}

# ---- Installing: what the agent offers ------------------------------------------------------------------------------------------------------
# Only a search without errors and without warnings shows everything.
function Test-Whole($Found) {
    try {
        if ((Get-ComValue -From $Found -Name 'ResultCode') -ne 2) { return $false }
        $warnings = Get-ComValue -From $Found -Name 'Warnings'
        if ($null -eq $warnings) { return $false }
        (Get-ComValue -From (Get-Collection -From $warnings) -Name 'Count') -eq 0
    }
    catch { $false }
}

function Search-Agent($Job, [bool]$Online) {
    $Job.online = $Online
    Connect-Agent -Job $Job
    $found = $Job.searcher.Search('IsInstalled=0 or IsInstalled=1 or RebootRequired=1')
    $code = Get-ComValue -From $found -Name 'ResultCode'
    if (@(2, 3) -notcontains $code) { Stop-Refused -Job $Job -Word 'result_code' -Message "the agent ended the search with result code $code" }
    $Job.install.whole = Test-Whole -Found $found
    , $found
}

function Search-Install($Job, $Phase, [int]$Attempt, [bool]$Online) {
    Write-Journal -Job $Job -Phase $Phase -Facts ([ordered]@{ step = 'searching'; attempt = $Attempt; online = $Online })
    , (Search-Agent -Job $Job -Online $Online)
}

# As a scan does: again after a while, and in the local store when nobody answers.
function Search-Offered($Job) {
    $attempts = [int][Math]::Max(1, (Get-PlanNumber -Table $Job.scan -Name 'attempts' -Default 5))
    $online = "$($Job.scan['online'])"
    for ($attempt = 1; $attempt -le $attempts; $attempt++) {
        try { return , (Search-Install -Job $Job -Phase 'downloading' -Attempt $attempt -Online ($online -ne 'false')) }
        catch {
            $first = $_
            $code = (Get-Failure -Record $first).hresult
            if (-not (Test-Transient -Code $code)) { throw }
        }
        if ($attempt -eq $attempts) { break }
        $seconds = [int](60 * [Math]::Pow(2, [Math]::Min($attempt - 1, 6)))
        Write-Journal -Job $Job -Phase 'downloading' -Facts ([ordered]@{ step = 'backing_off'; attempt = $attempt; hresult = $code; seconds = $seconds })
        Wait-Time -Job $Job -Seconds $seconds
    }
    if ($online -eq 'true' -or $online -eq 'false') { throw $first }
    try { $found = Search-Install -Job $Job -Phase 'downloading' -Attempt ($attempts + 1) -Online $false }
    catch {
        $Job.refusal = $null
        throw $first
    }
    # What the local store does not know, the service may offer.
    $Job.install.whole = $false
    , $found
}

# Id -> the agent's object, of those ids alone. What has no readable id may be any of them.
function Select-Found($Job, $Found, $Wanted) {
    $objects = @{}
    $list = Get-Collection -From (Get-ComValue -From $Found -Name 'Updates')
    $count = [int](Get-ComValue -From $list -Name 'Count')
    for ($i = 0; $i -lt $count; $i++) {
        $update = Get-ComItem -From $list -Index $i
        $identity = Read-Value -Job $Job -From $update -Name 'Identity'
        $id = Read-Id -Job $Job -From $identity -Name 'UpdateID'
        if ($null -eq $id) { $Job.install.whole = $false }
        if ($null -eq $id -or -not $Wanted.ContainsKey($id)) { continue }
        $fits = (Read-Number -Job $Job -From $identity -Name 'RevisionNumber') -eq $Wanted[$id]
        if ($fits -or -not $objects.ContainsKey($id)) { $objects[$id] = $update }
    }
    $objects
}

function Get-Revision($Job, $Update) {
    Read-Number -Job $Job -From (Read-Value -Job $Job -From $Update -Name 'Identity') -Name 'RevisionNumber'
}

# True where an update may ask somebody for input, null where that could not be read. Some have no behaviour at all.
function Test-Input($Job, $Update) {
    try { $behavior = Get-ComValue -From $Update -Name 'InstallationBehavior' }
    catch { return $null }
    if ($null -eq $behavior -or $behavior -is [DBNull]) { return $false }
    Read-Flag -Job $Job -From $behavior -Name 'CanRequestUserInput'
}

# Why it is not installed unless it was named by its id; null when nothing speaks against it. What could not be read
# speaks against it.
function Get-Exclusion($Job, $Update) {
    [object[]]$categories = Read-Categories -Job $Job -Update $Update
    $ids = @(foreach ($category in $categories) { $category['id'] })
    $type = Read-Number -Job $Job -From $Update -Name 'Type'
    $answers = @(
        @{ holds = $ids -contains '3689bdc8-b205-4af4-8d4a-a63924c5e9d5'; text = 'it is a feature upgrade' }
        @{ holds = $type -eq 2 -or $ids -contains 'ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0'; text = 'it is a driver' }
        @{ holds = Read-Flag -Job $Job -From $Update -Name 'BrowseOnly'; text = 'it is optional (browse only)' }
        @{ holds = Read-Flag -Job $Job -From $Update -Name 'IsHidden'; text = 'it is hidden' }
        @{ holds = Test-Input -Job $Job -Update $Update; text = 'it may ask somebody for input' }
    )
    foreach ($answer in $answers) { if ($answer.holds) { return $answer.text } }
    if ($null -eq $categories -or $ids -contains $null) { return 'its categories could not be read' }
    if ($null -eq $type) { return 'its type could not be read' }
    foreach ($answer in $answers) { if ($null -eq $answer.holds) { return "whether $($answer.text) could not be read" } }
    $null
}

function Set-Reason($Update, $Reason, $Text) {
    $Update.reason = $Reason
    $Update.text = $Text
}

# What the agent says against an update of the plan.
function Set-Ruling($Job, $Update) {
    if ($null -eq $Update.found) {
        if ($Job.install.whole) { Set-Reason -Update $Update -Reason 'not_offered' -Text 'the agent does not offer it' }
        else { Set-Reason -Update $Update -Reason 'unknown' -Text 'the search was incomplete and does not show it' }
        return
    }
    $installed = Read-Flag -Job $Job -From $Update.found -Name 'IsInstalled'
    if ($installed) {
        Set-Reason -Update $Update -Reason 'installed' -Text 'it is installed already'
        return
    }
    $revision = Get-Revision -Job $Job -Update $Update.found
    if ($null -eq $installed -or $null -eq $revision) {
        $what = 'whether it is installed already'
        if ($null -ne $installed) { $what = 'its revision' }
        Set-Reason -Update $Update -Reason 'excluded' -Text "$what could not be read"
        return
    }
    if ($null -ne $Update.revision -and $revision -ne $Update.revision) {
        Set-Reason -Update $Update -Reason 'revision_changed' -Text "the agent offers revision $revision"
        return
    }
    $Update.revision = $revision
    if ($Update.named) { return }
    $text = Get-Exclusion -Job $Job -Update $Update.found
    if ($null -ne $text) { Set-Reason -Update $Update -Reason 'excluded' -Text $text }
}

function Find-Offered($Job) {
    $wanted = @{}
    foreach ($update in $Job.install.updates) { $wanted[$update.id] = $update.revision }
    $found = Search-Offered -Job $Job
    $objects = Select-Found -Job $Job -Found $found -Wanted $wanted
    $offered = 0
    foreach ($update in $Job.install.updates) {
        $update.found = $objects[$update.id]
        Set-Ruling -Job $Job -Update $update
        if (@('not_offered', 'unknown', 'installed') -notcontains $update.reason) { $offered++ }
    }
    Write-Journal -Job $Job -Phase 'downloading' -Facts ([ordered]@{ step = 'found'; offered = $offered })
}

# Hours later: others may have installed it meanwhile, and the objects of an agent that has stopped do not come back.
# What the local store does not tell stays as it was.
function Update-Offered($Job) {
    $wanted = @{}
    foreach ($update in $Job.install.updates) { $wanted[$update.id] = $update.revision }
    try {
        $found = Search-Agent -Job $Job -Online $false
        $objects = Select-Found -Job $Job -Found $found -Wanted $wanted
    }
    catch {
        $Job.refusal = $null
        Add-Warning -Job $Job -Context 'searching' -Record $_
        return
    }
    foreach ($update in $Job.install.updates) {
        if ($null -ne $update.reason -or -not $objects.ContainsKey($update.id)) { continue }
        $update.found = $objects[$update.id]
        Set-Ruling -Job $Job -Update $update
    }
}

# ---- Downloading ----------------------------------------------------------------------------------------------------------------------------
# What became of the only update of a collection: its own result, or that of the whole where it has none.
function Get-ItemOutcome($Job, $Whole) {
    try { $item = $Whole.GetUpdateResult(0) }
    catch { $item = $Whole }
    @{
        code = Read-Number -Job $Job -From $item -Name 'ResultCode'; hresult = Read-Code -Job $Job -From $item -Name 'HResult'
        reboot = Read-Flag -Job $Job -From $item -Name 'RebootRequired'
    }
}

function Get-FailedOutcome($Record) {
    @{ code = 4; hresult = (Get-Failure -Record $Record).hresult; reboot = $null }
}

# The comma keeps the collection whole.
function New-Collection($Update) {
    $collection = New-Object -ComObject 'Microsoft.Update.UpdateColl'
    $null = $collection.Add($Update)
    , $collection
}

function Start-Download($Job, $Update) {
    try {
        $downloader = $Job.session.CreateUpdateDownloader()
        $downloader.Updates = New-Collection -Update $Update.found
        $whole = $downloader.Download()
        Get-ItemOutcome -Job $Job -Whole $whole
    }
    catch { Get-FailedOutcome -Record $_ }
}

function Test-Late($Job) {
    -not (Test-Fit -Job $Job -Until $Job.install.start_before -Needs 0) -or -not (Test-Fit -Job $Job -Until $Job.install.deadline -Needs 1)
}

# 0x80240034 says only that a download failed.
function Get-Patiently($Job, $Update) {
    for ($attempt = 1; $true; $attempt++) {
        $outcome = Start-Download -Job $Job -Update $Update
        if (@(2, 3) -contains $outcome.code -or $attempt -ge 3 -or (Test-Late -Job $Job)) { return $outcome }
        if ($outcome.hresult -ne '0x80240034' -and -not (Test-Transient -Code $outcome.hresult)) { return $outcome }
        $seconds = 60 * $attempt
        Write-Journal -Job $Job -Phase 'downloading' -Facts ([ordered]@{
            step = 'backing_off'; id = $Update.id; attempt = $attempt; hresult = $outcome.hresult; seconds = $seconds
        })
        Wait-Time -Job $Job -Seconds $seconds
    }
}

function Invoke-Download($Job, $Update) {
    Write-Journal -Job $Job -Phase 'downloading' -Facts ([ordered]@{ step = 'begin'; id = $Update.id; revision = $Update.revision })
    $result = 'present'
    $code = $null
    if (-not (Read-Flag -Job $Job -From $Update.found -Name 'IsDownloaded')) {
        $outcome = Get-Patiently -Job $Job -Update $Update
        $code = $outcome.hresult
        $result = 'ok'
        if (@(2, 3) -notcontains $outcome.code) {
            $result = 'failed'
            Set-Reason -Update $Update -Reason 'download_failed' -Text "its download failed: $code"
        }
    }
    if ($result -ne 'failed') { $Update.lack = $null }
    Write-Journal -Job $Job -Phase 'downloading' -Facts ([ordered]@{
        step = 'end'; id = $Update.id; revision = $Update.revision; result = $result; hresult = $code
    })
}

# Before the download: the agent fetches nothing whose terms were not accepted.
function Confirm-Eula($Job, $Update) {
    if (Read-Flag -Job $Job -From $Update.found -Name 'EulaAccepted') { return }
    try { $null = $Update.found.AcceptEula() }
    catch { Set-Reason -Update $Update -Reason 'eula' -Text "its terms could not be accepted: $((Get-Failure -Record $_).message)" }
}

# Null when there is enough. Where nothing has to stay free, nobody is asked.
function Get-SpaceObstacle($Job) {
    if ($Job.install.min_free -le 0) { return $null }
    $free = Get-FreeMegabytes
    if ($null -eq $free) { return New-Obstacle -Reason 'unknown' -Text 'the free space of the system drive could not be read' }
    if ($free -ge $Job.install.min_free) { return $null }
    New-Obstacle -Reason 'disk_space' -Text "the system drive has $free MB left, less than $($Job.install.min_free)"
}

# Of a plan that leaves the download to others. Null when it is there.
function Get-DownloadObstacle($Job, $Update) {
    $there = Read-Flag -Job $Job -From $Update.found -Name 'IsDownloaded'
    if ($null -eq $there) { return New-Obstacle -Reason 'unknown' -Text 'whether it is downloaded could not be read' }
    if ($there) { return $null }
    New-Obstacle -Reason 'download_failed' -Text 'it is not downloaded'
}

function Invoke-Downloads($Job) {
    foreach ($update in $Job.install.updates) {
        if ($null -ne $update.reason) { continue }
        Assert-NotStopped -Job $Job
        if (Test-Late -Job $Job) { return }
        Watch-Clock -Job $Job -Phase 'downloading'
        Confirm-Eula -Job $Job -Update $update
        if ($null -ne $update.reason) { continue }
        if ($Job.install.phases -notcontains 'download') {
            $update.lack = Get-DownloadObstacle -Job $Job -Update $update
            continue
        }
        $space = Get-SpaceObstacle -Job $Job
        if ($null -eq $space) { Invoke-Download -Job $Job -Update $update }
        else { $update.lack = $space }
    }
}

# ---- Installing -----------------------------------------------------------------------------------------------------------------------------
function New-Obstacle($Reason, $Text) {
    @{ reason = $Reason; text = $Text }
}

function Get-TimeObstacle($Job, $Update) {
    $left = Get-TimeLeft -Job $Job -Until $Job.install.deadline
    if ($null -eq $left -or $Update.needs -le $left) { return $null }
    if ($left -le 0) { $Job.install.expired = $true }
    New-Obstacle -Reason 'does_not_fit' -Text "it needs $($Update.needs) seconds with the reserve, and $left are left"
}

# Null only where the agent says that no reboot must come first.
function Get-HardReboot($Job) {
    $due = $null
    $why = 'the agent gave no answer'
    try {
        $installer = $Job.session.CreateUpdateInstaller()
        $due = Get-ComValue -From $installer -Name 'RebootRequiredBeforeInstallation'
    }
    catch { $why = (Get-Failure -Record $_).message }
    if ($due -isnot [bool]) { return New-Obstacle -Reason 'unknown' -Text "whether a reboot must come first could not be read: $why" }
    if (-not $due) { return $null }
    $Job.install.blocked = $true
    New-Obstacle -Reason 'hard_reboot' -Text 'the agent installs nothing more before a reboot'
}

# Stopped, ruled out, too late: what no look at the host is needed for.
function Get-EarlyObstacle($Job, $Update) {
    if (Test-Stop -Job $Job) {
        $Job.install.stopped = $true
        return New-Obstacle -Reason 'stopped' -Text 'the job was told to stop'
    }
    if ($null -ne $Update.reason) { return New-Obstacle -Reason $Update.reason -Text $Update.text }
    if ($null -ne $Job.install.halt) { return $Job.install.halt }
    Get-TimeObstacle -Job $Job -Update $Update
}

# Null when the update may be installed now.
function Get-Obstacle($Job, $Update) {
    Watch-Clock -Job $Job -Phase 'installing'
    $obstacle = Get-EarlyObstacle -Job $Job -Update $Update
    if ($null -ne $obstacle) { return $obstacle }
    # An agent that does not answer now may do so when nobody is at work any more: it is asked again below.
    $obstacle = Get-HardReboot -Job $Job
    if ($null -ne $obstacle -and $obstacle.reason -ne 'unknown') { return $obstacle }
    $space = Get-SpaceObstacle -Job $Job
    if ($null -ne $space) { return $space }
    if ($null -ne $Update.lack) { return $Update.lack }
    $install = $Job.install
    $begun = Get-Elapsed
    $busy = Wait-Idle -Job $Job -Phase 'installing' -Seconds $install.busy_left -Until $install.deadline -Needs $Update.needs
    $install.busy_left -= (Get-Elapsed) - $begun
    if ($null -ne $busy -and -not (Test-Stop -Job $Job)) { return $busy }
    $obstacle = Get-EarlyObstacle -Job $Job -Update $Update
    if ($null -eq $obstacle) { $obstacle = Get-HardReboot -Job $Job }
    $obstacle
}

function Write-Skipped($Job, $Update, $Obstacle) {
    Write-Journal -Job $Job -Phase 'installing' -Facts ([ordered]@{
        step = 'skipped'; id = $Update.id; revision = $Update.revision; reason = $Obstacle.reason; text = $Obstacle.text
    })
}

function Start-Installation($Job, $Update) {
    try {
        $installer = $Job.session.CreateUpdateInstaller()
        try {
            $installer.ClientApplicationID = 'winops.patching'
            $installer.AllowSourcePrompts = $false
            $installer.ForceQuiet = $true
        }
        catch { Add-Warning -Job $Job -Context 'installer' -Record $_ }
        $installer.Updates = New-Collection -Update $Update.found
        $whole = $installer.Install()
        Get-ItemOutcome -Job $Job -Whole $whole
    }
    catch { Get-FailedOutcome -Record $_ }
}

# Null where one side could not be read. Case does not tell paths apart.
function Get-QueueChange($Before, $After) {
    if ($null -eq $Before -or $null -eq $After) { return $null }
    $left = @{}
    foreach ($pair in $After) { $left["$($pair[0])`n$($pair[1])"] += 1 }
    $lost = [Collections.ArrayList]@()
    foreach ($pair in $Before) {
        $name = "$($pair[0])`n$($pair[1])"
        if ($left[$name] -gt 0) { $left[$name] -= 1 }
        elseif ($pair[0]) { $null = $lost.Add($pair) }
    }
    $counts = @(foreach ($queue in $Before, $After) {
        $entries = 0
        foreach ($pair in $queue) { if ($pair[0]) { $entries++ } }
        $entries
    })
    [ordered]@{ before = $counts[0]; after = $counts[1]; lost = [object[]]$lost.ToArray() }
}

function Get-RunOnceChange($Before, $After) {
    if ($null -eq $Before -or $null -eq $After) { return $null }
    $lost = @(foreach ($name in $Before) { if ($After -notcontains $name) { $name } })
    [ordered]@{ lost = [string[]]$lost }
}

function Get-RebootSignals {
    $windows = 'HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion'
    [ordered]@{
        wu_reboot_required = Test-RegistryKey -Path "$windows\WindowsUpdate\Auto Update\RebootRequired"
        cbs_reboot_pending = Test-RegistryKey -Path "$windows\Component Based Servicing\RebootPending"
    }
}

# What was scanned before is of yesterday from here on.
function Add-Begun($Job, $Update) {
    if ($Job.install.begun.Count -eq 0) {
        Remove-Item -LiteralPath ([IO.Path]::Combine($Job.base, 'last_scan.json')) -Force -ErrorAction SilentlyContinue
    }
    $null = $Job.install.begun.Add(@{ id = $Update.id; revision = $Update.revision; at = Get-Now })
}

function Install-Update($Job, $Update) {
    $queue = Get-RenameQueue
    $names = Get-RunOnceNames
    Add-Begun -Job $Job -Update $Update
    $left = Get-TimeLeft -Job $Job -Until $Job.install.deadline
    Write-Journal -Job $Job -Phase 'installing' -Facts ([ordered]@{
        step = 'begin'; id = $Update.id; revision = $Update.revision; needs_seconds = [long]$Update.needs; remaining_seconds = $left
    })
    $begun = Get-Elapsed
    $outcome = Start-Installation -Job $Job -Update $Update
    $seconds = [long][Math]::Round((Get-Elapsed) - $begun)
    # TiWorker stays for minutes after each installation of ours; that must not use up the patience with others.
    $Job.install.busy_left = $Job.install.busy_wait
    $words = @{ 2 = 'succeeded'; 3 = 'succeeded_with_errors'; 5 = 'aborted' }
    $result = 'failed'
    if ($null -ne $outcome.code -and $words.ContainsKey([int]$outcome.code)) { $result = $words[[int]$outcome.code] }
    $change = Get-QueueChange -Before $queue -After (Get-RenameQueue)
    $once = Get-RunOnceChange -Before $names -After (Get-RunOnceNames)
    $signals = Get-RebootSignals
    Write-Journal -Job $Job -Phase 'installing' -Facts ([ordered]@{
        step = 'end'; id = $Update.id; revision = $Update.revision; result = $result; hresult = $outcome.hresult
        reboot_required = $outcome.reboot; seconds = $seconds; queue = $change; run_once = $once; reboot_signals = $signals
    })
    if ($outcome.reboot) { $Job.install.asks_reboot = $true }
    if ($outcome.hresult -eq '0x8007045B') { $Job.install.halt = New-Obstacle -Reason 'hard_reboot' -Text 'the host is going down' }
}

function Set-TooLate($Job, $Text) {
    $Job.install.halt = New-Obstacle -Reason 'too_late' -Text $Text
    $Job.install.expired = $true
}

function Invoke-Installations($Job) {
    $install = $Job.install
    $Job.step = 'installing'
    $left = @(foreach ($update in $install.updates) { if ($null -eq $update.reason) { $update } })
    if ($left.Count -gt 0 -and $null -ne $install.not_before -and (Get-Now) -lt $install.not_before) {
        Wait-Until -Job $Job -Phase 'installing' -Time $install.not_before
        if (-not (Test-Stop -Job $Job)) { Update-Offered -Job $Job }
    }
    if ($left.Count -gt 0 -and -not (Test-Fit -Job $Job -Until $install.start_before -Needs 0)) {
        Set-TooLate -Job $Job -Text 'the job got here after the time until which it may start'
    }
    foreach ($update in $install.updates) {
        $obstacle = Get-Obstacle -Job $Job -Update $update
        if ($null -eq $obstacle) { Install-Update -Job $Job -Update $update }
        else { Write-Skipped -Job $Job -Update $update -Obstacle $obstacle }
    }
}

# ---- Rebooting, and looking what came of it ------------------------------------------------------------------------------------------------
# Null when nothing says yes and something could not be read.
function Get-RebootNeed($Job) {
    $agent = Read-Single -Job $Job -Context 'system_info' -Name 'RebootRequired' -Source { New-Object -ComObject 'Microsoft.Update.SystemInfo' }
    $signals = Get-RebootSignals
    $Job.reboot_required = $false
    if ($null -eq $agent -or $signals.Values -contains $null) { $Job.reboot_required = $null }
    if ($agent -or $Job.install.asks_reboot -or $signals.Values -contains $true) { $Job.reboot_required = $true }
}

# What speaks against it whoever else is at work. The warning is over before the host goes down: it counts too.
function Get-RebootRefusal($Job) {
    $reboot = $Job.install.reboot
    if ($null -eq $Job.reboot_required) { return New-Obstacle -Reason 'unknown' -Text 'whether a reboot is required could not be read' }
    if (-not $Job.reboot_required) { return New-Obstacle -Reason 'not_required' -Text 'nothing asks for a reboot' }
    if ($reboot.mode -ne 'if_required') { return New-Obstacle -Reason 'never' -Text 'a reboot is required, and the plan does not let this job reboot' }
    if (Test-Stop -Job $Job) {
        $Job.install.stopped = $true
        return New-Obstacle -Reason 'stopped' -Text 'the job was told to stop'
    }
    # What outlives a reboot may outlive all: a second one is for updates that need two.
    if ($reboot.number -gt 0 -and -not $Job.install.waits) {
        return New-Obstacle -Reason 'persistent' -Text 'what asks for a reboot has outlived one, and no update of this job is known to wait for another'
    }
    if ($reboot.number -ge $reboot.most) { return New-Obstacle -Reason 'max_reboots' -Text "this job has rebooted the host $($reboot.number) times" }
    if (Test-Fit -Job $Job -Until $reboot.deadline -Needs ($reboot.warn + $reboot.reserve)) { return $null }
    New-Obstacle -Reason 'outside_window' -Text 'too little is left of the window for reboots'
}

# Null when the host may be rebooted now.
function Get-RebootObstacle($Job) {
    $reboot = $Job.install.reboot
    $obstacle = Get-RebootRefusal -Job $Job
    if ($null -ne $obstacle) { return $obstacle }
    Wait-Until -Job $Job -Phase 'rebooting' -Time $reboot.not_before
    $needs = $reboot.warn + $reboot.reserve
    $busy = Wait-Idle -Job $Job -Phase 'rebooting' -Seconds $Job.install.busy_wait -Until $reboot.deadline -Needs $needs
    $obstacle = Get-RebootRefusal -Job $Job
    if ($null -eq $obstacle -and $null -ne $busy) { $obstacle = New-Obstacle -Reason 'busy' -Text $busy.text }
    $obstacle
}

# Comes back only when no boot came.
function Invoke-Reboot($Job) {
    $Job.step = 'rebooting'
    $obstacle = Get-RebootObstacle -Job $Job
    if ($null -ne $obstacle) {
        Write-Journal -Job $Job -Phase 'rebooting' -Facts ([ordered]@{ step = 'skipped'; reason = $obstacle.reason; text = $obstacle.text })
        return
    }
    $reboot = $Job.install.reboot
    $reboot.number++
    Write-Journal -Job $Job -Phase 'rebooting' -Facts ([ordered]@{ step = 'begin'; number = $reboot.number })
    $code = $null
    $problem = 'the host was told to reboot, and an hour later it had not'
    # 1115 and 1190: somebody else has told it already.
    try {
        $code = Start-Restart -Seconds $reboot.warn -Text $reboot.text
        if (@(0, 1115, 1190) -contains $code) { Wait-Down -Seconds ($reboot.warn + 3600) }
        else { $problem = "shutdown.exe ended with $code" }
    }
    catch { $problem = (Get-Failure -Record $_).message }
    Write-Journal -Job $Job -Phase 'rebooting' -Facts ([ordered]@{ step = 'failed'; exit_code = $code; text = $problem })
}

# The local store knows what is installed: id -> the agent's object. Null when nobody answers.
function Search-Verified($Job, $Wanted) {
    try {
        $found = Search-Install -Job $Job -Phase 'verifying' -Attempt 1 -Online $false
        return Select-Found -Job $Job -Found $found -Wanted $Wanted
    }
    catch { $Job.refusal = $null }
    if ("$($Job.scan['online'])" -eq 'false') { return $null }
    try {
        $found = Search-Install -Job $Job -Phase 'verifying' -Attempt 2 -Online $true
        return Select-Found -Job $Job -Found $found -Wanted $Wanted
    }
    catch { $Job.refusal = $null }
    $null
}

# Id -> its newest entry, of those that this job began, not older than that.
function Get-BegunHistory($Job) {
    $table = @{}
    $begun = @{}
    foreach ($update in $Job.install.begun) { $begun[$update.id] = $update }
    try {
        $count = [Math]::Min(200, [int]$Job.searcher.GetTotalHistoryCount())
        if ($count -le 0) { return $table }
        $page = $Job.searcher.QueryHistory(0, $count)
        $entries = Get-Collection -From $page
        $count = [int](Get-ComValue -From $entries -Name 'Count')
        for ($i = 0; $i -lt $count; $i++) {
            $entry = Read-Entry -Job $Job -Entry (Get-ComItem -From $entries -Index $i)
            $id = $entry['id']
            if ($null -eq $id -or $null -eq $entry['date'] -or $entry['operation'] -ne 1) { continue }
            if ($table.ContainsKey($id) -or -not $begun.ContainsKey($id) -or $entry['revision'] -ne $begun[$id].revision) { continue }
            if ((ConvertTo-Instant -Text $entry['date']) -lt $begun[$id].at.AddMinutes(-10)) { continue }
            $table[$id] = [ordered]@{ date = $entry['date']; result_code = $entry['result_code']; hresult = $entry['hresult'] }
        }
    }
    catch { Add-Warning -Job $Job -Context 'history' -Record $_ }
    $table
}

function Write-Verified($Job, $Update, [bool]$Whole, $Object, $History) {
    $offered = $null
    $installed = $null
    $waits = $null
    if ($Whole) { $offered = $false }
    if ($null -ne $Object) {
        $installed = Read-Flag -Job $Job -From $Object -Name 'IsInstalled'
        $waits = Read-Flag -Job $Job -From $Object -Name 'RebootRequired'
        $offered = $null
        if ($null -ne $installed) { $offered = -not $installed }
    }
    if ($waits) { $Job.install.waits = $true }
    Write-Journal -Job $Job -Phase 'verifying' -Facts ([ordered]@{
        step = 'update'; id = $Update.id; revision = $Update.revision; offered = $offered; installed = $installed
        reboot_required = $waits; history = $History
    })
}

function Invoke-Verification($Job) {
    $Job.step = 'verifying'
    $wanted = @{}
    foreach ($update in $Job.install.begun) { $wanted[$update.id] = $update.revision }
    $objects = Search-Verified -Job $Job -Wanted $wanted
    # Only a whole search tells what is not offered.
    $whole = $null -ne $objects -and $Job.install.whole
    if ($null -eq $objects) { $objects = @{} }
    $history = Get-BegunHistory -Job $Job
    foreach ($update in $Job.install.begun) {
        Write-Verified -Job $Job -Update $update -Whole $whole -Object $objects[$update.id] -History $history[$update.id]
    }
    Get-RebootNeed -Job $Job
    Write-Journal -Job $Job -Phase 'verifying' -Facts ([ordered]@{ step = 'reboot'; required = $Job.reboot_required })
}

# ---- A job that installs ----------------------------------------------------------------------------------------------------------------------
function Set-Outcome($Job) {
    if ($Job.install.begun.Count -eq 0 -and $Job.install.expired) { $Job.outcome = 'expired' }
    if ($Job.install.stopped) { $Job.outcome = 'stopped' }
}

# A stop request on the way breaks off the search or the downloads, and nothing else.
function Invoke-Preparation($Job) {
    try {
        Assert-NotStopped -Job $Job
        if ($Job.delay -gt 0) {
            Write-Journal -Job $Job -Phase 'downloading' -Facts ([ordered]@{ step = 'waiting'; seconds = $Job.delay })
            Wait-Time -Job $Job -Seconds $Job.delay
        }
        $Job.step = 'searching'
        Find-Offered -Job $Job
        $Job.step = 'downloading'
        Invoke-Downloads -Job $Job
    }
    catch {
        if (-not $Job.stopped) { throw }
        $Job.stopped = $false
        $Job.install.stopped = $true
    }
}

function Start-Install($Job) {
    Write-Journal -Job $Job -Phase 'downloading' -Facts ([ordered]@{
        step = 'started'; process_id = $PID; worker_sha256 = Get-WorkerHash; boot_time = $Job.boot_time; engine = "$($PSVersionTable.PSVersion)"
    })
    Set-Marks -Job $Job
    Set-Source -Job $Job
    Invoke-Preparation -Job $Job
    if ($Job.install.phases -contains 'install') { Invoke-Installations -Job $Job }
    if ($Job.install.begun.Count -gt 0 -or $Job.install.blocked) {
        Get-RebootNeed -Job $Job
        Invoke-Reboot -Job $Job
    }
    if ($Job.install.begun.Count -gt 0) { Invoke-Verification -Job $Job }
    Set-Outcome -Job $Job
}

# What the journal says of the life before: what was begun, which reboots were ours. Returns the ids that are settled.
function Read-Past($Job, $Lines) {
    $settled = @{}
    foreach ($line in $Lines) {
        $word = "$($line['phase'])/$($line['step'])"
        if ($word -eq 'rebooting/begin') { $Job.install.reboot.number++ }
        if (@('installing/begin', 'installing/skipped') -notcontains $word) { continue }
        $settled["$($line['id'])"] = $true
        if ($word -ne 'installing/begin') { continue }
        $null = $Job.install.begun.Add(@{ id = [string]$line['id']; revision = $line['revision']; at = ConvertTo-Instant -Text $line['at'] })
    }
    $settled
}

function Write-Unsettled($Job, $Settled, $Obstacle) {
    if ($Job.install.phases -notcontains 'install') { return }
    foreach ($update in $Job.install.updates) {
        if (-not $Settled.ContainsKey($update.id)) { Write-Skipped -Job $Job -Update $update -Obstacle $Obstacle }
    }
}

# After a boot, or in the place of a process that died: it installs nothing, it looks what came of it.
function Resume-Install($Job, $Lines) {
    $last = $Lines[-1]
    $settled = Read-Past -Job $Job -Lines $Lines
    $expected = "$($last['phase'])/$($last['step'])" -eq 'rebooting/begin'
    Write-Journal -Job $Job -Phase 'verifying' -Facts ([ordered]@{
        step = 'started'; process_id = $PID; worker_sha256 = Get-WorkerHash; boot_time = $Job.boot_time; engine = "$($PSVersionTable.PSVersion)"
        expected = $expected; reboots = $Job.install.reboot.number
    })
    Set-Marks -Job $Job
    Set-Source -Job $Job
    $Job.step = 'verifying'
    Write-Unsettled -Job $Job -Settled $settled -Obstacle (New-Obstacle -Reason 'stopped' -Text 'the job was cut off before; since then it only verifies')
    if ($Job.install.begun.Count -gt 0 -or $expected) {
        $null = Wait-Idle -Job $Job -Phase 'verifying' -Seconds $Job.install.busy_wait -Until $null -Needs 0
        Invoke-Verification -Job $Job
        if ($expected -and $Job.reboot_required -ne $false) { Invoke-Reboot -Job $Job }
    }
    Set-Outcome -Job $Job
    if (@('downloading', 'installing') -contains $last['phase']) {
        $Job.step = [string]$last['phase']
        Stop-Refused -Job $Job -Word 'interrupted' -Message 'the host or this process went down in the middle; what was begun has been verified'
    }
}

# A job that should have begun before the boot that it now finds behind it. Where nobody tells the time of that boot, the
# steady clock does: it begins with it.
function Test-Missed($Job, $Armed) {
    if ($Armed['armed'] -eq $true -or -not $Armed['created_at']) { return $false }
    $boot = ConvertTo-Instant -Text $Job.boot_time
    if ($null -eq $boot) { $boot = (Get-Now).AddSeconds(-(Get-Elapsed)) }
    $boot -gt (ConvertTo-Instant -Text $Armed['created_at'])
}

function Invoke-InstallJob($Job) {
    Read-InstallPlan -Job $Job
    Repair-Journal -Job $Job
    $lines = Read-OwnJournal -Job $Job
    # A power cut took the first line: nobody can tell what was before it, so nothing is installed.
    if ($lines.Count -eq 0 -or ($lines.Count -eq 1 -and $lines[0]['phase'] -ne 'armed')) {
        Stop-Refused -Job $Job -Word 'interrupted' -Message 'the journal has lost its first line; nothing was begun after that'
    }
    if ($lines.Count -gt 1) { Resume-Install -Job $Job -Lines $lines }
    elseif (Test-Missed -Job $Job -Armed $lines[0]) {
        Set-TooLate -Job $Job -Text 'the host booted before the job began'
        Write-Unsettled -Job $Job -Settled @{} -Obstacle $Job.install.halt
        Set-Outcome -Job $Job
    }
    else { Start-Install -Job $Job }
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
            Stop-Refused -Job $Job -Word 'unknown_kind' -Message "this worker does not know jobs of the kind '$($Job.kind)', only scan and install"
        }
    }
}

function Start-Work($Job) {
    Read-Plan -Job $Job
    $Job.boot_time = Get-BootTime
    if ($Job.kind -eq 'install') {
        Invoke-InstallJob -Job $Job
        return
    }
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
# it, for who finds neither takes the job for dead. A host that goes down stops the pipeline without an error: no last line.
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
    if (Test-Resting -Job $job) { return }
    $end = $null
    $lock = $null
    try {
        try { $lock = Open-JobLock -Job $job }
        catch { Stop-Refused -Job $job -Word 'lock_held' -Message "another job runs, or the lock cannot be opened: $((Get-Failure -Record $_).message)" }
        $null = Start-Work -Job $job
        $end = [ordered]@{ outcome = $job.outcome; error = $null }
    }
    catch {
        $failure = Get-Failure -Record $_
        $cause = [ordered]@{ step = $job.step; type = $failure.type; hresult = $failure.hresult; message = $failure.message }
        if ($job.refusal) {
            $cause['type'] = $job.refusal
            $cause['hresult'] = $null
        }
        $end = [ordered]@{ outcome = 'failed'; error = $cause }
        if ($job.stopped) { $end = [ordered]@{ outcome = 'stopped'; error = $null } }
    }
    finally {
        if ($null -ne $lock) { $lock.Dispose() }
        if ($null -ne $end) {
            if ($job.id -like 'install-*') { $end['reboot_required'] = $job.reboot_required }
            try { Write-Journal -Job $job -Phase 'done' -Facts $end }
            finally { Clear-Marks -Job $job }
        }
    }
}

if ($JobFolder) { Invoke-PatchWorker -JobFolder $JobFolder }
