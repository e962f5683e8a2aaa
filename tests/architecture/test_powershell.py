# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every shipped PowerShell file obeys 5.1 and the house rules; every rule has been seen red."""

from __future__ import annotations

import pytest

from house_rules.places import our_files, shown
from house_rules.powershell import LONGEST_FUNCTION, Table, findings
from house_rules.powershell_tree import Script

SCRIPTS = our_files(".ps1", ".psm1")
HEADER = """\
#!powershell

# Copyright: (c) 2026, winops.patching contributors

#Requires -Version 5.1

Set-StrictMode -Version Latest
"""
TABLE = Table(
    common=frozenset({"ErrorAction", "ErrorVariable"}),
    commands={
        "get-item": ("Get-Item", frozenset({"LiteralPath", "Path", "Force"})),
        "join-path": ("Join-Path", frozenset({"Path", "ChildPath"})),
        "set-strictmode": ("Set-StrictMode", frozenset({"Version"})),
        "where-object": ("Where-Object", frozenset({"FilterScript"})),
    },
)


def of(body: str, name: str = "planted.ps1") -> list[str]:
    return findings(Script(name, HEADER + body), TABLE)


@pytest.mark.parametrize("path", SCRIPTS, ids=shown)
def test_script_obeys_the_rules(path):
    assert findings(Script.read(path), Table.read()) == []


@pytest.mark.parametrize(
    "name", ["modules/win_probe.ps1", "modules/win_patch_job.ps1", "module_utils/patch_worker.ps1"]
)
def test_there_are_scripts_to_check(name):
    assert [path for path in SCRIPTS if shown(path) == f"plugins/{name}"]


HARMLESS = """\
function Get-Thing {
    [CmdletBinding()]
    param([string]$Name, [switch]$Deep)

    $query = @{ LiteralPath = $Name; ErrorAction = 'Stop' }
    if ($Deep) { $query['Force'] = $true }
    $table = @{}
    foreach ($part in 'a', 'b') { $table[$part] = "$part in $env:TEMP and ${Name}" }
    $first, [int]$second = 1, 2
    $script:count = $first + $second
    $mutex = $null
    $null = [System.Threading.Mutex]::TryOpenExisting('x', [ref]$mutex)
    Get-Item @query -ErrorVariable trouble
    $reader = { param($Ask) $Ask.Name }
    & $reader -Ask $table
    if ($trouble) { throw $trouble[0] }
    switch ($count) {
        1 { 'one' }
        default { $_ }
    }
}

Get-Thing -Name $complex_args['name'] -Deep -ErrorAction Stop | Where-Object -FilterScript { $_.Name -eq 'a' }
Join-Path -Path 'C:\\' -ChildPath 'x'
"""


def test_a_well_written_script_has_no_findings():
    assert of(HARMLESS) == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("$x = {\n", "does not parse"),
        ("$x = 1;\n", "ends in a semicolon"),
        (f"$x = '{'a' * 160}'\n", "longer than 160"),
        ("$x = 'ü'\n", "beyond ASCII"),
        ("$x = $true ? 1 : 2\n", "'?:' needs PowerShell 7"),
        ("$x = $null ?? 2\n", "'??' needs PowerShell 7"),
        ("$x = 1\n$x ??= 2\n", "'??=' needs PowerShell 7"),
        ("Get-Item -LiteralPath a && Get-Item -LiteralPath b\n", "'&& or ||' needs PowerShell 7"),
        ("[Environment]::TickCount64\n", "'TickCount64' does not exist on 5.1"),
        ("$IsWindows\n", "'$IsWindows' is never assigned"),
        ("$total = 1\n$totl + 1\n", "'$totl' is never assigned"),
        ("$table['a'] = 1\n", "'$table' is never assigned"),
        ("$null = [Foo]::Bar([ref]$out)\n", "'$out' is never assigned"),
        ('"in text $missing"\n', "'$missing' is never assigned"),
        ("Get-Item @missing\n", "'@missing' is never assigned"),
        ("gi -LiteralPath a\n", "'gi' is not in powershell_commands.json"),
        ("$x = 1\n$x | Where { $_ }\n", "'Where' is not in powershell_commands.json"),
        ("& 'cmd.exe' /c dir\n", "'cmd.exe' is not in powershell_commands.json"),
        ("Get-Uptime\n", "'Get-Uptime' is not in powershell_commands.json"),
        ("Write-Host -Object a\n", "Write-Host prints past the pipeline"),
        ("Invoke-Expression -Command a\n", "Invoke-Expression runs text as code"),
        ("get-item -LiteralPath a\n", "write Get-Item, not get-item"),
        ("Get-Item -LiteralPath a -Stream b\n", "Get-Item has no parameter -Stream"),
        ("Get-Item -Lit a\n", "Get-Item has no parameter -Lit"),
        ("Get-Item -Path a\n", "use -LiteralPath"),
        ("Get-Item a\n", "gets 'a' by position"),
        ("Get-Item -Force a\n", "gets 'a' by position"),
        ("$how = @{ Depth = 3 }\nGet-Item @how\n", "there is no parameter -Depth"),
        ("$how = @{}\n$how['Depth'] = 3\nGet-Item @how\n", "there is no parameter -Depth"),
        ("function Get-A {\n    param($B)\n    $B\n}\nGet-A -C 1\n", "Get-A has no parameter -C"),
        ("function Get-A {\n    param($B)\n    $B\n}\nGet-A 1\n", "gets '1' by position"),
        ("function Get-A {\n" + "    'x'\n" * LONGEST_FUNCTION + "}\n", "function Get-A has 62 lines"),
    ],
)
def test_a_planted_violation_is_found(body, complaint):
    assert [finding for finding in of(body) if complaint in finding]


@pytest.mark.parametrize("missing", ["#!powershell", "# Copyright", "#Requires", "Set-StrictMode"])
def test_a_script_without_a_part_of_its_header_is_found(missing):
    kept = "\n".join(line for line in HEADER.split("\n") if not line.startswith(missing))
    assert findings(Script("planted.ps1", kept), TABLE)


def test_a_util_needs_no_module_line():
    assert findings(Script("_Planted.psm1", HEADER.removeprefix("#!powershell\n")), TABLE) == []


def test_a_worker_is_no_module_and_has_no_module_line():
    text = HEADER.removeprefix("#!powershell\n")
    assert findings(Script("planted.ps1", text, "module_utils"), TABLE) == []
    assert findings(Script("planted.ps1", HEADER, "module_utils"), TABLE) == ["1: only a module begins with '#!'"]
