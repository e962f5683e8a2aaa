# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Paths of the rename queue: where they lie, what file they name, and that no spelling hides it."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_place import (
    PLACES,
    extension_of,
    normal_path,
    place_of,
)
from hypothesis import given
from hypothesis import strategies as st

GUID = "Volume{26a21bda-a627-11d7-9931-806e6f6e6963}"

PLACE_TABLE = [
    (r"C:\Windows\System32\a.dll", "system32"),
    (r"C:\Windows\System32", "system32"),
    (r"C:\Windows\SysWOW64\a.dll", "system32"),
    (r"C:\Windows\Sysnative\a.dll", "system32"),
    (r"C:\Windows\System32\DriverStore\FileRepository\x.inf_amd64\x.sys", "system32"),
    (r"C:\Windows\System32\config\systemprofile\AppData\Local\Temp\a.tmp", "system32"),
    (r"C:\Windows\System32\Temp\a.dll", "system32"),
    (r"C:\Windows\System32\drivers\a.sys", "drivers"),
    (r"C:\Windows\SysWOW64\drivers\a.sys", "drivers"),
    (r"C:\Windows\System32\spool\drivers\x64\3\mxdwdrv.dll", "spool"),
    (r"C:\Windows\System32\spool\PRTPROCS\x64\1_hpcpp.dll", "spool"),
    (r"C:\Windows\WinSxS\Temp\PendingRenames\a.dll", "winsxs"),
    (r"C:\Windows\WinSxS\amd64_x\drivers\a.sys", "winsxs"),
    (r"C:\Windows\Temp\a.dll", "temp"),
    (r"C:\Windows\Temp", "temp"),
    (r"C:\Windows\Temp\System32\a.dll", "temp"),
    (r"D:\Temp\a.dll", "temp"),
    (r"E:\TMP\a\b.exe", "temp"),
    (r"C:\Temp\Windows\System32\a.dll", "temp"),
    (r"C:\Users\anna\AppData\Local\Temp\a.tmp", "temp"),
    (r"C:\Users\ANNA~1\AppData\Local\Temp\2\a.tmp", "temp"),
    (r"C:\Documents and Settings\anna\Local Settings\Temp\a.tmp", "temp"),
    (r"C:\DOCUME~1\ADMINI~1\LOCALS~1\Temp\a.tmp", "temp"),
    (r"C:\Windows\ServiceProfiles\NetworkService\AppData\Local\Temp\a.tmp", "temp"),
    (r"C:\Windows\SystemTemp\chrome_x\a.exe", "systemtemp"),
    (r"C:\Config.Msi\1a2b3c.rbf", "config_msi"),
    (r"D:\Config.Msi", "config_msi"),
    (r"C:\Users\anna\AppData\Local\Microsoft\OneDrive\old.dll", "profile"),
    (r"C:\Users\Public\a.exe", "profile"),
    (r"C:\Users\anna\Temp\a.exe", "profile"),
    (r"C:\Documents and Settings\anna\a.exe", "profile"),
    (r"C:\Windows\ServiceProfiles\LocalService\a.dat", "profile"),
    (r"C:\Program Files\Contoso\a.dll", "program_files"),
    (r"C:\Program Files (x86)\Contoso\a.dll", "program_files"),
    (r"C:\PROGRA~1\Contoso\a.dll", "program_files"),
    (r"C:\PROGRA~2\Contoso\a.dll", "program_files"),
    (r"C:\Program Files\Google\Chrome\Temp\a.exe", "program_files"),
    (r"C:\Windows\explorer.exe", "windows_other"),
    (r"C:\Windows", "windows_other"),
    (r"C:\Windows\AppCompat\Programs\Amcache.hve", "windows_other"),
    (r"C:\Windows\Installer\System32\a.dll", "windows_other"),
    (r"C:\WINNT\system32\a.dll", "system32"),
    (r"C:\WINNT\Temp\a.dll", "temp"),
    (r"C:\ProgramData\x\a.dll", "other"),
    (r"C:\Windows.old\System32\a.dll", "other"),
    (r"C:\Users", "other"),
    (r"C:\data\Windows\System32\a.dll", "other"),
    (r"C:\TempFiles\a.dll", "other"),
    (r"C:\System32\a.dll", "other"),
    ("C:\\", "other"),
    ("C:", "other"),
    ("", "other"),
    ("a.dll", "other"),
    (r"Windows\System32\a.dll", "other"),
    (r"C:Windows\System32\a.dll", "other"),
    (r"C:xWindows\System32\a.dll", "other"),
    (r"\SystemRoot\System32\drivers\a.sys", "drivers"),
    (r"\SystemRoot", "windows_other"),
    (r"SystemRoot\Temp\a.tmp", "temp"),
    (r"\Device\HarddiskVolume3\Windows\System32\a.dll", "system32"),
    (r"\Device\Harddisk0\Partition2\Windows\WinSxS\a", "winsxs"),
    (r"\Device\Mup\server\share\Windows\System32\a.dll", "other"),
    (GUID + r"\Windows\System32\a.dll", "system32"),
    (GUID + r"\Temp\a.dll", "temp"),
    (r"GLOBALROOT\Device\HarddiskVolume1\Windows\System32\a.dll", "system32"),
    (r"GLOBALROOT\SystemRoot\SysWOW64\a.dll", "system32"),
    (r"UNC\server\share\Windows\System32\a.dll", "other"),
    (r"UNC\server\C:\Windows\System32\a.dll", "other"),
    (r"\\server\share\Temp\a.dll", "other"),
    (r"\??\C:\Windows\System32\a.dll", "system32"),
    (r"\\?\C:\Windows\System32\a.dll", "system32"),
    (r"\\?\UNC\server\share\Temp\a.dll", "other"),
    (r"\\.\C:\Windows\System32\a.dll", "system32"),
    (r"\DosDevices\C:\Windows\System32\a.dll", "system32"),
]

# Each names a file of the place on its right, whatever it looks like at first sight.
DISGUISE_TABLE = [
    (r"C:\Windows\Temp\..\System32\x.dll", "system32"),
    (r"C:\Windows\System32\..\Temp\x.dll", "temp"),
    (r"C:\Users\a\AppData\Local\Temp\..\..\..\..\..\Windows\System32\x.dll", "system32"),
    (r"C:\Windows\System32\spool\..\x.dll", "system32"),
    (r"C:\..\..\Windows\System32\x.dll", "system32"),
    (r"C:\.\Windows\.\System32\.\x.dll", "system32"),
    (r"C:\Temp\...\..\..\Windows\System32\x.dll", "system32"),
    ("C:/Windows/System32/x.dll", "system32"),
    ("C:/Windows\\Temp/../System32/x.dll", "system32"),
    ("//?/C:/Windows/System32/x.dll", "system32"),
    (r"C:\\Windows\\\System32\\x.dll", "system32"),
    (r"C:\Windows.\System32\x.dll", "system32"),
    (r"C:\Windows\System32 \x.dll", "system32"),
    (r"C:\Windows\System32\x.dll:stream", "system32"),
    (r"C:\Windows\System32:stream", "system32"),
    ("C:\\Windows\\System32\\x.dll\0\0", "system32"),
    ("C:\\Windows\\System32\\", "system32"),
    ("C:\\Windows\\System32\\x.dll.. ", "system32"),
    (GUID + r"\Temp\..\Windows\System32\x.dll", "system32"),
    (r"\Device\HarddiskVolume3\..\Windows\System32\x.dll", "system32"),
    (r"\SystemRoot\Temp\..\System32\x.dll", "system32"),
    (r"UNC\server\share\..\..\..\C:\Windows\System32\x.dll", "other"),
]

EXTENSION_TABLE = [
    (r"C:\a\b.dll", ".dll"),
    (r"C:\a\B.DLL", ".dll"),
    (r"C:\a\b.tar.gz", ".gz"),
    (r"C:\a.d\b", ""),
    (r"C:\a\.manifest", ".manifest"),
    (r"C:\a\b.dll ", ".dll"),
    (r"C:\a\b.dll. .", ".dll"),
    ("C:\\a\\b.dll\0", ".dll"),
    ("C:\\a\\b.dll\\", ".dll"),
    (r"C:\a\b.dll:stream.txt", ".dll"),
    (r"C:\a\b.dll::$DATA", ".dll"),
    (r"C:\a\b.txt:evil.dll", ".txt"),
    ("C:/a/b.dll", ".dll"),
    (r"C:\a\b.dll\.", ".dll"),
    (r"C:\a\x.txt\..\b.dll", ".dll"),
    (r"C:b.dll", ".dll"),
    ("b.dll", ".dll"),
    ("C:", ""),
    ("", ""),
]

NAMES = st.text(st.characters(exclude_characters="\\/\0:.", exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda name: name == name.strip()
)
PATHS = st.sampled_from([path for path, _place in PLACE_TABLE + DISGUISE_TABLE])
PIECES = st.lists(
    st.sampled_from(["\\", "/", "..", ".", " ", ":", "\0", "C:", "Windows", "System32", "Temp", "a.dll", "??", "?"]),
    max_size=12,
).map("".join)


@pytest.mark.parametrize(("path", "place"), PLACE_TABLE)
def test_a_path_lies_in_the_deepest_well_known_folder(path: str, place: str) -> None:
    assert place_of(path) == place


@pytest.mark.parametrize(("path", "place"), DISGUISE_TABLE)
def test_no_spelling_moves_a_file_to_another_place(path: str, place: str) -> None:
    assert place_of(path) == place


@pytest.mark.parametrize(("path", "extension"), EXTENSION_TABLE)
def test_the_extension_is_that_of_the_file_windows_opens(path: str, extension: str) -> None:
    assert extension_of(path) == extension


@given(path=PATHS, upper=st.booleans())
def test_case_decides_nothing(path: str, upper: bool) -> None:
    other = path.upper() if upper else path.lower()
    assert place_of(other) == place_of(path)
    assert extension_of(other) == extension_of(path)


@given(path=PATHS.filter(lambda path: path[1:3] == ":\\"), letter=st.sampled_from("CDQz"))
def test_every_drive_is_judged_alike(path: str, letter: str) -> None:
    assert place_of(letter + path[1:]) == place_of(path)


@given(detour=st.lists(NAMES, min_size=1, max_size=4), name=NAMES)
def test_a_detour_through_any_folder_changes_nothing(detour: list[str], name: str) -> None:
    way = "\\".join(detour + [".."] * len(detour))
    assert place_of(f"C:\\{way}\\Windows\\System32\\{name}.dll") == "system32"
    assert place_of(f"C:\\Windows\\System32\\{way}\\..\\Temp\\{name}.dll") == "temp"


@given(below=st.lists(NAMES, max_size=6))
def test_whatever_lies_in_system32_stays_there(below: list[str]) -> None:
    path = "\\".join(["C:\\Windows\\System32", *below])
    assert place_of(path) in {"system32", "drivers", "spool"}


@given(path=st.one_of(st.text(max_size=60), PIECES))
def test_any_text_has_a_place_an_extension_and_one_normal_form(path: str) -> None:
    assert place_of(path) in PLACES
    assert extension_of(path) == extension_of(path).lower()
    normal = normal_path(path)
    assert place_of(normal) == place_of(path)
    assert extension_of(normal) == extension_of(path)


def test_a_normal_path_is_returned_as_it_is() -> None:
    path = r"C:\Program Files\Contoso\A.dll"
    assert normal_path(path) is path


def test_the_normal_form_keeps_case_and_root() -> None:
    assert normal_path(r"\\?\C:\Users\Anna\..\.\Public//A.dll:x ") == r"\\?\C:\Users\Public\A.dll"
    assert normal_path(r"\Device\HarddiskVolume3\A\..\B") == r"\Device\HarddiskVolume3\B"
