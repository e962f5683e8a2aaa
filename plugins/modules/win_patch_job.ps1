#!powershell

# Copyright: (c) 2026, winops.patching contributors
# SPDX-License-Identifier: GPL-3.0-or-later

#Requires -Version 5.1

# Starts, stops and lists the jobs of a host. The work is done by patch_worker.ps1, which a task runs as SYSTEM.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$script:reason = 'error'
$script:tasks = '\winops.patching\'
$script:guard = 'O:BAG:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'
$script:idPattern = '\A(scan|install)-\d{8}T\d{6}Z-[0-9a-f]{8}\z'

function Deny($Reason, $Message) {
    $script:reason = $Reason
    throw $Message
}

function Get-TimeText {
    (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
}

# Fresh tables and arrays: 5.1 writes wrapped arrays as tables. 7 makes a time of a text that looks like one.
function ConvertTo-Nested($Value) {
    if ($Value -is [datetime]) { return $Value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture) }
    if ($null -eq $Value -or $Value -is [string] -or $Value -is [valuetype]) { return $Value }
    $table = @{}
    if ($Value -is [Collections.IDictionary]) {
        foreach ($pair in $Value.GetEnumerator()) { $table[$pair.Key] = ConvertTo-Nested -Value $pair.Value }
        return $table
    }
    if ($Value -is [Collections.IEnumerable]) {
        $list = [Collections.ArrayList]@()
        foreach ($item in $Value) { $null = $list.Add((ConvertTo-Nested -Value $item)) }
        return , $list.ToArray()
    }
    foreach ($property in $Value.PSObject.Properties) { $table[$property.Name] = ConvertTo-Nested -Value $property.Value }
    $table
}

# ---- What is refused, before anything is written -------------------------------------------------------------------------
function Assert-Session {
    if ("$($ExecutionContext.SessionState.LanguageMode)" -ne 'FullLanguage') {
        Deny -Reason 'constrained_language' -Message ('PowerShell runs in constrained language on this host, so the worker cannot run: ' +
            'allow patch_worker.ps1 and win_patch_job.ps1 by the policy that constrains it')
    }
    # Where the system cannot tell, what is refused later says so.
    try { $elevated = ([Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()).IsInRole(544) }
    catch { $elevated = $true }
    if (-not $elevated) {
        Deny -Reason 'not_elevated' -Message ('the connection has no administrative token: connect with a domain account that is a local ' +
            'administrator, or set LocalAccountTokenFilterPolicy, or use become with runas')
    }
}

# From a file, for 5.1 distorts the bytes of -Content that are not UTF-16.
function Get-SignatureStatus([byte[]]$Worker) {
    $file = [IO.Path]::Combine([IO.Path]::GetTempPath(), "winops.patching-$([guid]::NewGuid()).ps1")
    try {
        [IO.File]::WriteAllBytes($file, $Worker)
        "$((Get-AuthenticodeSignature -LiteralPath $file).Status)"
    }
    finally { Remove-Item -LiteralPath $file -Force -ErrorAction SilentlyContinue }
}

function Assert-Policy([byte[]]$Worker) {
    foreach ($scope in 'MachinePolicy', 'UserPolicy') {
        $policy = "$(Get-ExecutionPolicy -Scope $scope)"
        if ($policy -eq 'Restricted') {
            Deny -Reason 'signed_scripts_only' -Message "the policy of this host ($scope) forbids all scripts: let it allow signed ones and sign the worker"
        }
        if ($policy -ne 'AllSigned') { continue }
        $status = Get-SignatureStatus -Worker $Worker
        if ($status -ne 'Valid') {
            Deny -Reason 'signed_scripts_only' -Message ("the policy of this host ($scope) allows only signed scripts and the worker's signature is " +
                "${status}: sign plugins/module_utils/patch_worker.ps1 with a certificate that this host trusts")
        }
    }
}

function Test-Trusted($Sddl) {
    $Sddl -cmatch '^O:(SY|BA|S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464)(G:|D:|S:|$)'
}

# False where nothing is there.
function Assert-Place($Path) {
    try { $item = Get-Item -LiteralPath $Path -Force -ErrorAction Stop }
    catch [Management.Automation.ItemNotFoundException] { return $false }
    if ("$($item.Attributes)" -match 'ReparsePoint') {
        Deny -Reason 'reparse_point' -Message "'$Path' leads elsewhere (a link or a junction), which jobs do not follow: remove it"
    }
    $true
}

function Assert-Folder($Path) {
    if (-not (Assert-Place -Path $Path)) { return }
    $acl = Get-Acl -LiteralPath $Path
    if (Test-Trusted -Sddl $acl.Sddl) { return }
    $remedy = 'Look at what is in it; then remove it, or give it to Administrators: ' +
        "takeown /F ""$Path"" /A /R and icacls ""$Path"" /setowner *S-1-5-32-544 /T"
    # Everybody's programs lie in this one: none of them may change hands.
    if ($Path -eq $script:root) { $remedy = "Give this one folder back: icacls ""$Path"" /setowner ""NT SERVICE\TrustedInstaller""" }
    Deny -Reason 'foreign_owner' -Message "'$Path' belongs to $($acl.Owner), not to Administrators, SYSTEM or TrustedInstaller. $remedy"
}

function Assert-Places {
    foreach ($path in $script:root, $script:base, $script:jobs) { Assert-Folder -Path $path }
    foreach ($name in 'patch_worker.ps1', 'lock', 'start.lock', 'last_scan.json') {
        $null = Assert-Place -Path (Join-Path -Path $script:base -ChildPath $name)
    }
    foreach ($id in Get-Ids) { Assert-Folder -Path (Join-Path -Path $script:jobs -ChildPath $id) }
}

# ---- Jobs -------------------------------------------------------------------------------------------------------------------
# Newest first, by the time in the id.
function Get-Ids {
    if (-not (Test-Path -LiteralPath $script:jobs)) { return }
    $names = @(foreach ($folder in Get-ChildItem -LiteralPath $script:jobs -Directory -Force) { $folder.Name })
    @($names -cmatch $script:idPattern) | Sort-Object -Property { $_ -replace '^\w+-' } -Descending
}

function Get-TaskStates {
    $states = @{}
    try { $found = @(Get-ScheduledTask -TaskPath $script:tasks -ErrorAction Stop) }
    catch {
        if ("$($_.CategoryInfo.Category)" -ne 'ObjectNotFound') {
            Deny -Reason 'task_failed' -Message "the tasks of this host could not be read: $($_.Exception.Message) Look at the service Schedule"
        }
        $found = @()
    }
    foreach ($task in $found) { $states[$task.TaskName] = "$($task.State)" }
    $states
}

# Only whole lines: a worker that was killed may have left half of one.
function Read-Lines($Id) {
    $path = Join-Path -Path (Join-Path -Path $script:jobs -ChildPath $Id) -ChildPath 'journal.jsonl'
    if (-not (Test-Path -LiteralPath $path)) { return , @() }
    $stream = [IO.File]::Open((Convert-Path -LiteralPath $path), 'Open', 'Read', 'ReadWrite, Delete')
    try { $text = [IO.StreamReader]::new($stream).ReadToEnd() }
    finally { $stream.Dispose() }
    $lines = @($text -split "`n")
    , @($lines | Select-Object -First ($lines.Count - 1))
}

# Running is what the task says. One that was started a moment ago may not say so yet.
function Get-JobState($Id, $States) {
    $job = @{ id = $Id; kind = ($Id -split '-')[0]; state = 'interrupted'; started_at = $null; ended_at = $null }
    $lines = Read-Lines -Id $Id
    if ($lines.Count -eq 0) { return $job }
    if ($lines[0] -match '^\{"at":"([^"]+)"') { $job.started_at = $Matches[1] }
    if ($lines[-1] -match '^\{"at":"([^"]+)","phase":"done","outcome":"(finished|failed|stopped|expired)"') {
        $job.ended_at = $Matches[1]
        $job.state = $Matches[2]
        return $job
    }
    $armed = $lines.Count -eq 1
    if (@('Running', 'Queued') -contains $States[$Id]) {
        $job.state = 'running'
        if ($armed) { $job.state = 'armed' }
    }
    elseif ($armed -and $States.ContainsKey($Id) -and $job.started_at) {
        if (Test-Awaited -Line $lines[0] -At $job.started_at) { $job.state = 'armed' }
        elseif ($job.kind -eq 'install' -and (Test-Rebooting -Line $lines[0])) { $job.state = 'armed' }
    }
    elseif ($States.ContainsKey($Id) -and $job.kind -eq 'install' -and (Test-Rebooting -Line $lines[-1])) { $job.state = 'running' }
    $job
}

function ConvertTo-Instant($Text) {
    [datetimeoffset]::Parse("$Text", [cultureinfo]::InvariantCulture).UtcDateTime
}

# One that was started a moment ago, or whose time is yet to come.
function Test-Awaited($Line, $At) {
    $now = (Get-Date).ToUniversalTime()
    if ([Math]::Abs(($now - (ConvertTo-Instant -Text $At)).TotalMinutes) -lt 2) { return $true }
    if (-not ($Line -match '"armed":true' -and $Line -match '"not_before":"([^"]+)"')) { return $false }
    ($now - (ConvertTo-Instant -Text $Matches[1])).TotalMinutes -lt 10
}

# The host is on its way down, or came up a moment ago and its scheduler has not got to the job that goes on then. Where nobody tells
# when it came up, that may be so as long as the two together take: since the last line, or the time for which the job was armed.
function Test-Rebooting($Line) {
    if (-not ($Line -match '^\{"at":"([^"]+)"')) { return $false }
    $now = (Get-Date).ToUniversalTime()
    $last = ConvertTo-Instant -Text $Matches[1]
    if ($Line -match '"phase":"rebooting","step":"begin"' -and ($now - $last).TotalMinutes -lt 60) { return $true }
    try { $boot = (Get-CimInstance -ClassName Win32_OperatingSystem -OperationTimeoutSec 60).LastBootUpTime.ToUniversalTime() }
    catch {
        if ($Line -match '"armed":true' -and $Line -match '"not_before":"([^"]+)"') { $last = ConvertTo-Instant -Text $Matches[1] }
        return [Math]::Abs(($now - $last).TotalMinutes) -lt 70
    }
    $boot -gt $last -and ($now - $boot).TotalMinutes -lt 10
}

function Get-Jobs {
    $states = Get-TaskStates
    foreach ($id in Get-Ids) { Get-JobState -Id $id -States $states }
}

function Test-Living($Job) {
    @('running', 'armed') -contains $Job.state
}

# ---- Start --------------------------------------------------------------------------------------------------------------------
function Protect-Folder($Path) {
    $good = '^O:BA.*D:P[A-Z]*(\(A;OICI;FA;;;(SY|BA)\)){2}(S:.*)?$'
    if (-not (Test-Path -LiteralPath $Path)) { $null = New-Item -Path $Path -ItemType Directory }
    $acl = Get-Acl -LiteralPath $Path
    if ($acl.Sddl -cmatch $good) { return }
    $null = $acl.SetSecurityDescriptorSddlForm($script:guard)
    Set-Acl -LiteralPath $Path -AclObject $acl
    $acl = Get-Acl -LiteralPath $Path
    if ($acl.Sddl -cnotmatch $good) { throw "the rights of '$Path' could not be set: they are $($acl.Sddl)" }
}

# Two starts at once would both find no job.
function Open-StartLock {
    for ($attempt = 1; $true; $attempt++) {
        try { return [IO.File]::Open((Join-Path -Path $script:base -ChildPath 'start.lock'), 'OpenOrCreate', 'ReadWrite', 'None') }
        catch [IO.IOException] {
            if ($attempt -ge 40) { Deny -Reason 'other_job' -Message 'somebody else has been starting a job for 20 seconds: try again' }
            Start-Sleep -Milliseconds 500
        }
    }
}

function Test-Worker($Path, $Sha256) {
    if (-not (Test-Path -LiteralPath $Path)) { return $false }
    $there = (Get-FileHash -LiteralPath $Path -Algorithm SHA256 -ErrorAction Stop).Hash
    $there -eq $Sha256 -and (Test-Trusted -Sddl (Get-Acl -LiteralPath $Path).Sddl)
}

# The text that was sent; without one the file that lies here, and nothing where that is another worker.
function Get-Worker($Text, $Sha256) {
    if ($Text) { $worker = [Text.Encoding]::UTF8.GetBytes($Text) }
    else {
        $path = Join-Path -Path $script:base -ChildPath 'patch_worker.ps1'
        if (-not (Test-Worker -Path $path -Sha256 $Sha256)) { return $null }
        $worker = [IO.File]::ReadAllBytes($path)
    }
    $found = [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($worker)).Replace('-', '').ToLowerInvariant()
    if ($found -ne $Sha256) {
        Deny -Reason 'worker_hash' -Message "the worker that arrived has the SHA-256 $found, not ${Sha256}: start again"
    }
    return , $worker
}

function Install-Worker($Path, [byte[]]$Worker, $Sha256) {
    if (Test-Worker -Path $Path -Sha256 $Sha256) { return }
    if (Test-Path -LiteralPath $Path) { Remove-Item -LiteralPath $Path -Force }
    [IO.File]::WriteAllBytes($Path, $Worker)
    $there = (Get-FileHash -LiteralPath $Path -Algorithm SHA256 -ErrorAction Stop).Hash
    if ($there -ne $Sha256) { Deny -Reason 'worker_hash' -Message "'$Path' is not what was written (SHA-256 $there): something on this host changes it" }
}

# Starts nothing when it lies in the past; its end is what lets the task delete itself.
function New-TimeTrigger($At, $End) {
    $trigger = New-ScheduledTaskTrigger -Once -At $At -ErrorAction Stop
    $trigger.EndBoundary = $End
    $trigger
}

# Hours beyond the last window: the limit of a task must never end an installation. In UTC, for clocks change at night.
function Get-InstallTask($Plan, $Armed) {
    $now = (Get-Date).ToUniversalTime()
    $first = $now
    if ($Plan['not_before']) { $first = ConvertTo-Instant -Text $Plan['not_before'] }
    if ($first -lt $now) { $first = $now }
    $begin = $now
    if ($Armed) { $begin = $first }
    $last = $first.AddHours(36)
    $times = @($Plan['deadline'])
    if ($Plan['reboot'] -is [hashtable]) { $times += @($Plan['reboot']['deadline'], $Plan['reboot']['not_before']) }
    $known = @(foreach ($time in $times) { if ($time) { ConvertTo-Instant -Text $time } })
    if ($known.Count -gt 0) { $last = @($known | Sort-Object -Descending)[0] }
    if ($last -lt $first) { $last = $first }
    $end = $last.AddHours(12).ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
    $past = (Get-Date).AddMinutes(-5)
    $start = New-TimeTrigger -At $past -End $end
    if ($Armed) { $start.StartBoundary = $begin.ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture) }
    $boot = New-ScheduledTaskTrigger -AtStartup -ErrorAction Stop
    $boot.EndBoundary = $end
    @{ triggers = @($start, $boot); hours = [int][Math]::Ceiling(($last.AddHours(12) - $begin).TotalHours) }
}

# The limit counts from the start: what the job waits before it scans comes on top.
function Get-ScanTask($Plan) {
    $now = Get-Date
    $waits = [Math]::Ceiling([double]$Plan['delay_seconds'] / 3600)
    $end = $now.AddHours(24 + $waits).ToString('s', [cultureinfo]::InvariantCulture)
    $past = $now.AddMinutes(-5)
    @{ triggers = @(New-TimeTrigger -At $past -End $end); hours = [int](12 + $waits) }
}

function Register-Job($Id, $Folder, $Worker, $Times, $Armed) {
    $line = '-NoLogo -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -File "{0}" -JobFolder "{1}"' -f $Worker, $Folder
    $action = New-ScheduledTaskAction -Execute "$env:SystemRoot\System32\WindowsPowerShell\v1.0\powershell.exe" -Argument $line -ErrorAction Stop
    $principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest -ErrorAction Stop
    $settings = @{
        Priority = 4; AllowStartIfOnBatteries = $true; DontStopIfGoingOnBatteries = $true; MultipleInstances = 'IgnoreNew'
        ExecutionTimeLimit = New-TimeSpan -Hours $Times.hours; DeleteExpiredTaskAfter = New-TimeSpan -Minutes 10; ErrorAction = 'Stop'
    }
    $task = @{
        TaskName = $Id; TaskPath = $script:tasks; Description = 'A job of the Ansible collection winops.patching; it deletes itself.'
        Action = $action; Principal = $principal; Trigger = $Times.triggers; Settings = New-ScheduledTaskSettingsSet @settings; ErrorAction = 'Stop'
    }
    $null = Register-ScheduledTask @task
    if (-not $Armed) { $null = Start-ScheduledTask -TaskName $Id -TaskPath $script:tasks -ErrorAction Stop }
}

function Add-Line($Folder, $Line) {
    $text = (ConvertTo-Json -InputObject $Line -Depth 5 -Compress) + "`n"
    [IO.File]::AppendAllText((Join-Path -Path $Folder -ChildPath 'journal.jsonl'), $text, [Text.UTF8Encoding]::new($false))
}

# An armed job waits for a trigger. A time that has come already is no time to wait for.
function Test-Armed($Arguments, $Plan) {
    if (-not $Arguments['armed']) { return $false }
    if ("$($Plan['kind'])" -ne 'install' -or -not $Plan['not_before']) { throw 'only an installation with a not_before can be armed' }
    ((ConvertTo-Instant -Text $Plan['not_before']) - (Get-Date).ToUniversalTime()).TotalSeconds -gt 30
}

function Get-FirstLine($Id, $Plan, $At, $Armed) {
    $line = [ordered]@{ at = $At; phase = 'armed'; id = $Id; kind = ($Id -split '-')[0]; created_at = $At }
    if ($line['kind'] -eq 'install') {
        $line['not_before'] = $Plan['not_before']
        $line['deadline'] = $Plan['deadline']
        $line['updates'] = @($Plan['updates'] | Select-Object).Count
        $line['armed'] = $Armed
    }
    $line
}

function Start-NewJob($Id, $Plan, [byte[]]$Worker, $Sha256, [bool]$Armed) {
    $at = Get-TimeText
    $times = Get-ScanTask -Plan $Plan
    if ("$($Plan['kind'])" -eq 'install') { $times = Get-InstallTask -Plan $Plan -Armed $Armed }
    $path = Join-Path -Path $script:base -ChildPath 'patch_worker.ps1'
    Install-Worker -Path $path -Worker $Worker -Sha256 $Sha256
    $folder = Join-Path -Path $script:jobs -ChildPath $Id
    Protect-Folder -Path $folder
    $Plan['created_at'] = $at
    $text = ConvertTo-Json -InputObject $Plan -Depth 12 -Compress
    [IO.File]::WriteAllText((Join-Path -Path $folder -ChildPath 'plan.json'), "$text`n", [Text.UTF8Encoding]::new($false))
    Add-Line -Folder $folder -Line (Get-FirstLine -Id $Id -Plan $Plan -At $at -Armed $Armed)
    try { Register-Job -Id $Id -Folder $folder -Worker $path -Times $times -Armed $Armed }
    catch {
        $cause = "$($_.Exception.Message)"
        $problem = [ordered]@{ step = 'starting'; type = 'task_failed'; hresult = $null; message = $cause }
        Add-Line -Folder $folder -Line ([ordered]@{ at = Get-TimeText; phase = 'done'; outcome = 'failed'; error = $problem })
        Remove-Task -Name $Id
        Deny -Reason 'task_failed' -Message "the task $($script:tasks)$Id could not be registered or started: $cause Look at the service Schedule"
    }
    @{ changed = $true; id = $Id; attached = $false; folder = $folder; started_at = $at }
}

# What is left over must not stop a start.
function Remove-Task($Name) {
    try { Unregister-ScheduledTask -TaskName $Name -TaskPath $script:tasks -Confirm:$false -ErrorAction Stop }
    catch { $script:warnings += "the task $($script:tasks)$Name could not be removed: $($_.Exception.Message)" }
}

# Five stay, and the one whose result may be used again. What has just been started lives, whatever its task says yet.
function Remove-OldJobs($Started) {
    $last = ''
    $file = Join-Path -Path $script:base -ChildPath 'last_scan.json'
    if (Test-Path -LiteralPath $file) { $last = "$(Get-Content -LiteralPath $file -Raw)" }
    $found = @(Get-Jobs)
    $living = @(foreach ($job in $found) { if ($job.id -eq $Started -or (Test-Living -Job $job)) { $job.id } })
    foreach ($task in @((Get-TaskStates).Keys)) { if ($living -notcontains $task) { Remove-Task -Name $task } }
    foreach ($job in @($found | Select-Object -Skip 5)) {
        if ($living -contains $job.id -or $last.Contains("""$($job.id)""")) { continue }
        try { Remove-Item -LiteralPath (Join-Path -Path $script:jobs -ChildPath $job.id) -Recurse -Force }
        catch { $script:warnings += "the job $($job.id) could not be removed: $($_.Exception.Message)" }
    }
}

# The job to attach to: a living one, or the very same where its first answer was lost on the way.
function Find-Job($Id) {
    foreach ($job in Get-Jobs) {
        if (-not (Test-Living -Job $job) -and $job.id -cne $Id) { continue }
        if ($job.kind -ne ($Id -split '-')[0]) {
            Deny -Reason 'other_job' -Message "the job $($job.id) is $($job.state), and one job runs at a time: wait for its end, or stop it"
        }
        $folder = Join-Path -Path $script:jobs -ChildPath $job.id
        return @{ changed = $false; id = $job.id; attached = $true; folder = $folder; started_at = $job.started_at }
    }
}

# The newest one, if it died: who starts the next should know.
function Get-Interrupted($Id) {
    foreach ($job in Get-Jobs) {
        if ($job.kind -ne 'install' -or $Id -notlike 'install-*') { continue }
        if ($job.state -eq 'interrupted') { return $job.id }
        return $null
    }
}

function Invoke-Start($Arguments) {
    $id = Get-JobId -Arguments $Arguments
    $kind = ($id -split '-')[0]
    $plan = $Arguments['plan']
    if ($plan -isnot [hashtable] -or "$($plan['id'])" -cne $id -or "$($plan['kind'])" -cne $kind) { throw "'plan' must be a plan of the job $id" }
    $sha256 = "$($Arguments['worker_sha256'])"
    $worker = Get-Worker -Text "$($Arguments['worker'])" -Sha256 $sha256
    if ($null -eq $worker) { return @{ changed = $false; id = $id; worker_wanted = $true } }
    Assert-Policy -Worker $worker
    $armed = Test-Armed -Arguments $Arguments -Plan $plan
    if ($Arguments['_ansible_check_mode']) {
        $result = Find-Job -Id $id
        if ($null -eq $result) {
            $interrupted = Get-Interrupted -Id $id
            $result = @{ changed = $true; id = $id; attached = $false; folder = $null; started_at = $null }
            if ($interrupted) { $result['interrupted'] = $interrupted }
        }
        return $result
    }
    foreach ($path in $script:base, $script:jobs) { Protect-Folder -Path $path }
    $lock = Open-StartLock
    try {
        $result = Find-Job -Id $id
        if ($null -eq $result) {
            $interrupted = Get-Interrupted -Id $id
            $result = Start-NewJob -Id $id -Plan $plan -Worker $worker -Sha256 $sha256 -Armed $armed
            if ($interrupted) { $result['interrupted'] = $interrupted }
            try { Remove-OldJobs -Started $id }
            catch { $script:warnings += "old jobs could not be removed: $($_.Exception.Message)" }
        }
    }
    finally { $lock.Dispose() }
    $result
}

# ---- Stop, list, and the way in --------------------------------------------------------------------------------------------------
function Get-JobId($Arguments) {
    $id = "$($Arguments['id'])"
    if ($id -cnotmatch $script:idPattern) { throw "'$id' is no id of a job, such as scan-20261121T120000Z-1a2b3c4d" }
    $id
}

# Nobody is there yet to see the file, and a job that was told to stop must not keep others out until its time.
function Stop-Armed($Id) {
    Remove-Task -Name $Id
    $end = [ordered]@{ at = Get-TimeText; phase = 'done'; outcome = 'stopped'; error = $null; reboot_required = $null }
    Add-Line -Folder (Join-Path -Path $script:jobs -ChildPath $Id) -Line $end
}

function Invoke-Stop($Arguments) {
    $id = Get-JobId -Arguments $Arguments
    if (@(Get-Ids) -cnotcontains $id) { throw "there is no job $id on this host: list shows those there are" }
    $job = Get-JobState -Id $id -States (Get-TaskStates)
    $file = Join-Path -Path (Join-Path -Path $script:jobs -ChildPath $id) -ChildPath 'stop'
    $changed = (Test-Living -Job $job) -and -not (Test-Path -LiteralPath $file)
    if ($changed -and -not $Arguments['_ansible_check_mode']) {
        $null = New-Item -Path $file -ItemType File
        if ($job.state -eq 'armed' -and (Get-TaskStates)[$id] -eq 'Ready') {
            Stop-Armed -Id $id
            $job.state = 'stopped'
        }
    }
    @{ changed = $changed; id = $id; state = $job.state }
}

function Invoke-Operation {
    Assert-Session
    $arguments = ConvertTo-Nested -Value $complex_args
    $script:root = $env:ProgramW6432
    if (-not $script:root) { $script:root = $env:ProgramFiles }
    $script:base = Join-Path -Path $script:root -ChildPath 'winops.patching'
    $script:jobs = Join-Path -Path $script:base -ChildPath 'jobs'
    Assert-Places
    switch ("$($arguments['operation'])") {
        'start' {
            Invoke-Start -Arguments $arguments
        }
        'stop' {
            Invoke-Stop -Arguments $arguments
        }
        'list' {
            @{ changed = $false; jobs = @(Get-Jobs) }
        }
        default {
            throw "operation must be start, stop or list, not '$_'"
        }
    }
}

$script:warnings = @()
try {
    $result = Invoke-Operation
    if ($script:warnings.Count -gt 0) { $result['warnings'] = $script:warnings }
}
catch { $result = @{ failed = $true; changed = $false; reason = $script:reason; msg = "$($_.Exception.Message)" } }
ConvertTo-Json -InputObject $result -Depth 6 -Compress
