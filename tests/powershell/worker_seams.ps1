#!powershell

# Copyright: (c) 2026, winops.patching contributors
# SPDX-License-Identifier: GPL-3.0-or-later

#Requires -Version 5.1

# Put in place of the worker's functions of the same name, after it was loaded: those whose static calls no command that
# is found first can replace. What they are asked goes to the module that plays the agent.
Set-StrictMode -Version Latest

function Get-CabinetDate($Path) {
    $ask = Get-Command -Name 'Get-FakeCabinetTime'
    & $ask -Path $Path
}

function Set-VolatileKey($Name, $Values) {
    $keep = Get-Command -Name 'Add-FakeCall'
    & $keep -Name 'key' -Facts @{ key = $Name; values = $Values }
}

function Remove-RunningKey($Id) {
    $keep = Get-Command -Name 'Add-FakeCall'
    & $keep -Name 'remove_key' -Facts @{ id = $Id }
}

function Get-Now {
    $ask = Get-Command -Name 'Get-FakeNow'
    & $ask
}

function Get-Elapsed {
    $ask = Get-Command -Name 'Get-FakeElapsed'
    & $ask
}

function Test-Mutex($Name) {
    $ask = Get-Command -Name 'Test-FakeBusy'
    & $ask -Who $Name
}

# The host goes down: this process is gone, with nothing more to say than what it was asked so far.
function Wait-Down([int]$Seconds) {
    $keep = Get-Command -Name 'Add-FakeCall'
    & $keep -Name 'down' -Facts @{ seconds = $Seconds }
    $ask = Get-Command -Name 'Test-FakeBoot'
    if (-not (& $ask)) { return }
    $tell = Get-Command -Name 'Get-FakeCalls'
    $say = Get-Command -Name 'Write-Text'
    & $say -Text (& $tell)
    [Environment]::Exit(0)
}
