#!powershell

# Copyright: (c) 2026, winops.patching contributors
# SPDX-License-Identifier: GPL-3.0-or-later

#Requires -Version 5.1

# Runs a script of this collection as ansible-core does: its arguments are in $complex_args, its JSON goes to stdout.
# -State is a host of the simulator as JSON: the script then reads that host instead of this machine. See docs/recording.md.
# -Fake names the module that shows the state. -Job is the folder of a job: the script is then the worker, which is loaded and run there.

param(
    [Parameter(Mandatory = $true)]
    [string]$Script,

    [Parameter(Mandatory = $true)]
    [string]$Arguments,

    [string]$State,

    [string]$Job,

    [string]$Fake = 'FakeWindows.psm1'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# ConvertFrom-Json of 7 makes a DateTime of what looks like a time, and neither version takes an empty property name.
# Both are hidden from it behind a mark. Wherever the mark was put, it is taken out again, so no text changes.
$mark = '@as-text@'

# As ansible-core hands them over: tables and arrays. The comma keeps arrays of one item and of none.
function ConvertTo-Nested($Value) {
    if ($Value -is [string]) { return $Value.Replace($mark, '') }
    if ($Value -is [Management.Automation.PSCustomObject]) {
        $table = @{}
        foreach ($property in $Value.PSObject.Properties) {
            $table[$property.Name.Replace($mark, '')] = ConvertTo-Nested -Value $property.Value
        }
        return $table
    }
    if ($Value -is [array]) {
        $list = [Collections.ArrayList]@()
        foreach ($item in $Value) { $null = $list.Add((ConvertTo-Nested -Value $item)) }
        return , $list.ToArray()
    }
    $Value
}

function Read-Document($File) {
    $text = Get-Content -LiteralPath $File -Raw -Encoding UTF8
    $text = $text -replace '"(?=\d{4}-\d\d-\d\dT|\\?/Date\()', ('"' + $mark) -replace '""(?=\s*:)', ('"' + $mark + '"')
    $document = ConvertTo-Nested -Value (ConvertFrom-Json -InputObject $text)
    if ($document -isnot [hashtable]) { throw ('{0} holds no JSON object' -f $File) }
    $document
}

# Bytes, because the console of 5.1 would write its own code page.
function Write-Text($Text) {
    $bytes = [Text.Encoding]::UTF8.GetBytes($Text + "`n")
    $stream = [Console]::OpenStandardOutput()
    $stream.Write($bytes, 0, $bytes.Length)
    $stream.Flush()
}

try {
    $file = Convert-Path -LiteralPath $Script
    $complex_args = Read-Document -File $Arguments
    if ($State) {
        $fakeHost = Read-Document -File $State
        # Last of all: a module that is loaded later could bring its own Get-FileHash back, which is a function on 5.1.
        Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath $Fake) -Scope Global -ArgumentList @($fakeHost)
    }
    if ($Job) {
        $seams = Join-Path -Path $PSScriptRoot -ChildPath 'worker_seams.ps1'
        . $file
        . $seams
        $run = Get-Command -Name 'Invoke-PatchWorker'
        $printed = @(& $run -JobFolder $Job)
        if ($printed.Count -gt 0) { throw ('the worker printed: {0}' -f ($printed -join ' ')) }
        $tell = Get-Command -Name 'Get-FakeCalls'
        $output = @(& $tell)
    }
    else { $output = @(& $file) }
    Write-Text -Text ($output -join "`n")
}
catch {
    [Console]::Error.WriteLine(('{0}: {1}' -f $Script, $_.Exception.Message))
    [Console]::Error.WriteLine("$($_.ScriptStackTrace)")
    exit 1
}
