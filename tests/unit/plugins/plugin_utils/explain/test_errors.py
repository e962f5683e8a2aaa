# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every code of Windows Update and of installers that an operator meets: its name, its kind, and what may be tried.

The rows are written down from Microsoft's published lists, not from the tables of the code.
"""

from __future__ import annotations

import re

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._explain.entry import CLASSES
from ansible_collections.winops.patching.plugins.plugin_utils._explain.errors import explain_error, known_codes
from ansible_collections.winops.patching.plugins.plugin_utils._explain.numbers import CodeError
from hypothesis import given
from hypothesis import strategies as st

KEYS = ["hex", "signed", "name", "class", "retryable", "reboot_may_help", "cause", "next_step"]

# hex, as .NET shows it, name, class, whether a retry or a reboot may help.
AGENT = """
0x00240001     2359297 WU_S_SERVICE_STOP                      success        - -
0x00240003     2359299 WU_S_UPDATE_ERROR                      installer      - -
0x00240005     2359301 WU_S_REBOOT_REQUIRED                   success_reboot - reboot
0x00240006     2359302 WU_S_ALREADY_INSTALLED                 success        - -
0x00240007     2359303 WU_S_ALREADY_UNINSTALLED               success        - -
0x00240008     2359304 WU_S_ALREADY_DOWNLOADED                success        - -
0x00242015     2367509 WU_S_UH_INSTALLSTILLPENDING            busy           retry -
0x80240001 -2145124351 WU_E_NO_SERVICE                        service        retry -
0x80240004 -2145124348 WU_E_NOT_INITIALIZED                   transient      retry -
0x80240007 -2145124345 WU_E_INVALIDINDEX                      usage          - -
0x80240008 -2145124344 WU_E_ITEMNOTFOUND                      not_applicable - -
0x80240009 -2145124343 WU_E_OPERATIONINPROGRESS               busy           retry -
0x8024000B -2145124341 WU_E_CALL_CANCELLED                    cancelled      retry -
0x8024000C -2145124340 WU_E_NOOP                              success        - -
0x8024000E -2145124338 WU_E_XML_INVALID                       corrupt        - -
0x80240010 -2145124336 WU_E_TOO_DEEP_RELATION                 corrupt        - -
0x80240016 -2145124330 WU_E_INSTALL_NOT_ALLOWED               busy           retry reboot
0x80240017 -2145124329 WU_E_NOT_APPLICABLE                    not_applicable - -
0x80240018 -2145124328 WU_E_NO_USERTOKEN                      access         - -
0x80240019 -2145124327 WU_E_EXCLUSIVE_INSTALL_CONFLICT        usage          - -
0x8024001A -2145124326 WU_E_POLICY_NOT_SET                    policy         - -
0x8024001B -2145124325 WU_E_SELFUPDATE_IN_PROGRESS            busy           retry -
0x8024001E -2145124322 WU_E_SERVICE_STOP                      service        retry -
0x8024001F -2145124321 WU_E_NO_CONNECTION                     network        retry -
0x80240020 -2145124320 WU_E_NO_INTERACTIVE_USER               interaction    - -
0x80240021 -2145124319 WU_E_TIME_OUT                          transient      retry -
0x80240022 -2145124318 WU_E_ALL_UPDATES_FAILED                installer      - -
0x80240023 -2145124317 WU_E_EULAS_DECLINED                    interaction    - -
0x80240024 -2145124316 WU_E_NO_UPDATE                         usage          - -
0x80240025 -2145124315 WU_E_USER_ACCESS_DISABLED              policy         - -
0x8024002B -2145124309 WU_E_LEGACYSERVER                      server         - -
0x8024002E -2145124306 WU_E_WU_DISABLED                       policy         - -
0x8024002F -2145124305 WU_E_CALL_CANCELLED_BY_POLICY          policy         - -
0x80240032 -2145124302 WU_E_INVALID_CRITERIA                  usage          - -
0x80240034 -2145124300 WU_E_DOWNLOAD_FAILED                   network        retry -
0x80240036 -2145124298 WU_E_INVALID_OPERATION                 usage          - -
0x80240042 -2145124286 WU_E_UNKNOWN_SERVICE                   policy         - -
0x80240044 -2145124284 WU_E_PER_MACHINE_UPDATE_ACCESS_DENIED  access         - -
0x8024004A -2145124278 WU_E_SETUP_IN_PROGRESS                 busy           retry -
0x80240FFF -2145120257 WU_E_UNEXPECTED                        transient      retry reboot
0x80242006 -2145116154 WU_E_UH_INVALIDMETADATA                corrupt        retry -
0x8024200B -2145116149 WU_E_UH_INSTALLERFAILURE               installer      - -
0x80242014 -2145116140 WU_E_UH_POSTREBOOTSTILLPENDING         reboot         retry reboot
0x80242015 -2145116139 WU_E_UH_POSTREBOOTRESULTUNKNOWN        unknown        - -
0x80242016 -2145116138 WU_E_UH_POSTREBOOTUNEXPECTEDSTATE      installer      - -
0x80242017 -2145116137 WU_E_UH_NEW_SERVICING_STACK_REQUIRED   prerequisite   - -
0x8024201D -2145116131 WU_E_UH_HANDLER_DISABLEDUNTILREBOOT    reboot         - reboot
0x80244007 -2145107961 WU_E_PT_SOAPCLIENT_SOAPFAULT           server         retry -
0x80244010 -2145107952 WU_E_PT_EXCEEDED_MAX_SERVER_TRIPS      server         retry -
0x80244011 -2145107951 WU_E_PT_SUS_SERVER_NOT_SET             policy         - -
0x80244017 -2145107945 WU_E_PT_HTTP_STATUS_DENIED             proxy          - -
0x80244018 -2145107944 WU_E_PT_HTTP_STATUS_FORBIDDEN          proxy          - -
0x80244019 -2145107943 WU_E_PT_HTTP_STATUS_NOT_FOUND          proxy          - -
0x8024401B -2145107941 WU_E_PT_HTTP_STATUS_PROXY_AUTH_REQ     proxy          - -
0x8024401C -2145107940 WU_E_PT_HTTP_STATUS_REQUEST_TIMEOUT    network        retry -
0x8024401F -2145107937 WU_E_PT_HTTP_STATUS_SERVER_ERROR       server         retry -
0x80244021 -2145107935 WU_E_PT_HTTP_STATUS_BAD_GATEWAY        server         retry -
0x80244022 -2145107934 WU_E_PT_HTTP_STATUS_SERVICE_UNAVAIL    server         retry -
0x80244023 -2145107933 WU_E_PT_HTTP_STATUS_GATEWAY_TIMEOUT    server         retry -
0x8024402C -2145107924 WU_E_PT_WINHTTP_NAME_NOT_RESOLVED      network        retry -
0x8024402F -2145107921 WU_E_PT_ECP_SUCCEEDED_WITH_ERRORS      network        retry -
0x80246007 -2145099769 WU_E_DM_NOTDOWNLOADED                  usage          - -
0x80246008 -2145099768 WU_E_DM_FAILTOCONNECTTOBITS            service        retry -
0x80246017 -2145099753 WU_E_DM_UNAUTHORIZED_LOCAL_USER        access         - -
0x80247001 -2145095679 WU_E_OL_INVALID_SCANFILE               corrupt        - -
0x80247002 -2145095678 WU_E_OL_NEWCLIENT_REQUIRED             prerequisite   - -
0x8024A10A -2145083126 USO_E_SERVICE_SHUTTING_DOWN            service        retry -
0x80070005 -2147024891 E_ACCESSDENIED                         access         - -
0x8007000D -2147024883 ERROR_INVALID_DATA                     corrupt        retry -
0x8007000E -2147024882 E_OUTOFMEMORY                          transient      retry reboot
0x80070057 -2147024809 E_INVALIDARG                           usage          - -
0x80070422 -2147023838 ERROR_SERVICE_DISABLED                 service        - -
0x8007045B -2147023781 ERROR_SHUTDOWN_IN_PROGRESS             busy           retry -
0x80070490 -2147023728 ERROR_NOT_FOUND                        corrupt        - -
0x80070643 -2147023293 ERROR_INSTALL_FAILURE                  installer      - -
0x80070652 -2147023278 ERROR_INSTALL_ALREADY_RUNNING          busy           retry -
0x800706BA -2147023174 RPC_S_SERVER_UNAVAILABLE               service        retry -
0x800706BE -2147023170 RPC_S_CALL_FAILED                      service        retry -
0x80070BC2 -2147021886 ERROR_SUCCESS_REBOOT_REQUIRED          success_reboot - reboot
0x80070BC9 -2147021879 ERROR_FAIL_REBOOT_REQUIRED             reboot         - reboot
0x80072EE2 -2147012894 ERROR_INTERNET_TIMEOUT                 network        retry -
0x80072EFD -2147012867 ERROR_INTERNET_CANNOT_CONNECT          network        retry -
0x80072EFE -2147012866 ERROR_INTERNET_CONNECTION_ABORTED      network        retry -
0x80073712 -2147010798 ERROR_SXS_COMPONENT_STORE_CORRUPT      corrupt        - -
0x800F081E -2146498530 CBS_E_NOT_APPLICABLE                   not_applicable - -
0x800F0823 -2146498525 CBS_E_NEW_SERVICING_STACK_REQUIRED     prerequisite   - -
0x800F0922 -2146498270 CBS_E_INSTALLERS_FAILED                installer      - -
0x87D00664 -2016410012 CCM_updates_handler_job_cancelled      cancelled      retry -
0x87D00692 -2016409966 CCM_group_policy_conflict              policy         - -
"""

# Exit codes: number, name, class, whether a retry or a reboot may help.
EXIT = """
0    ERROR_SUCCESS                      success        - -
5    ERROR_ACCESS_DENIED                access         - -
87   ERROR_INVALID_PARAMETER            usage          - -
1058 ERROR_SERVICE_DISABLED             service        - -
1168 ERROR_NOT_FOUND                    corrupt        - -
1601 ERROR_INSTALL_SERVICE_FAILURE      service        retry -
1602 ERROR_INSTALL_USEREXIT             cancelled      - -
1603 ERROR_INSTALL_FAILURE              installer      - -
1604 ERROR_INSTALL_SUSPEND              reboot         - reboot
1605 ERROR_UNKNOWN_PRODUCT              not_applicable - -
1612 ERROR_INSTALL_SOURCE_ABSENT        prerequisite   - -
1614 ERROR_PRODUCT_UNINSTALLED          not_applicable - -
1618 ERROR_INSTALL_ALREADY_RUNNING      busy           retry -
1619 ERROR_INSTALL_PACKAGE_OPEN_FAILED  usage          - -
1620 ERROR_INSTALL_PACKAGE_INVALID      corrupt        - -
1622 ERROR_INSTALL_LOG_FAILURE          usage          - -
1624 ERROR_INSTALL_TRANSFORM_FAILURE    usage          - -
1625 ERROR_INSTALL_PACKAGE_REJECTED     policy         - -
1633 ERROR_INSTALL_PLATFORM_UNSUPPORTED not_applicable - -
1635 ERROR_PATCH_PACKAGE_OPEN_FAILED    usage          - -
1636 ERROR_PATCH_PACKAGE_INVALID        corrupt        - -
1637 ERROR_PATCH_PACKAGE_UNSUPPORTED    prerequisite   - -
1638 ERROR_PRODUCT_VERSION              not_applicable - -
1639 ERROR_INVALID_COMMAND_LINE         usage          - -
1640 ERROR_INSTALL_REMOTE_DISALLOWED    access         - -
1641 ERROR_SUCCESS_REBOOT_INITIATED     success_reboot - reboot
1642 ERROR_PATCH_TARGET_NOT_FOUND       not_applicable - -
1643 ERROR_PATCH_PACKAGE_REJECTED       policy         - -
1644 ERROR_INSTALL_TRANSFORM_REJECTED   policy         - -
1645 ERROR_INSTALL_REMOTE_PROHIBITED    access         - -
1646 ERROR_PATCH_REMOVAL_UNSUPPORTED    not_applicable - -
1647 ERROR_UNKNOWN_PATCH                not_applicable - -
1648 ERROR_PATCH_NO_SEQUENCE            not_applicable - -
1649 ERROR_PATCH_REMOVAL_DISALLOWED     policy         - -
1650 ERROR_INVALID_PATCH_XML            corrupt        - -
1651 ERROR_PATCH_MANAGED_ADVERTISED_PRODUCT prerequisite - -
1652 ERROR_INSTALL_SERVICE_SAFEBOOT     reboot         - reboot
1653 ERROR_ROLLBACK_DISABLED            policy         - -
1654 ERROR_INSTALL_REJECTED             not_applicable - -
3010 ERROR_SUCCESS_REBOOT_REQUIRED      success_reboot - reboot
3011 ERROR_SUCCESS_RESTART_REQUIRED     success        - -
"""


def rows(text):
    return [line.split() for line in text.strip().splitlines()]


def flags(found):
    return ["retry" if found["retryable"] else "-", "reboot" if found["reboot_may_help"] else "-"]


@pytest.mark.parametrize("row", rows(AGENT), ids=lambda row: row[0])
def test_a_known_hresult_is_explained(row):
    shown, signed, name, kind, *may = row
    found = explain_error(shown)
    assert list(found) == KEYS
    assert (found["hex"], found["signed"], found["name"].replace(" ", "_")) == (shown, int(signed), name)
    assert (found["class"], flags(found)) == (kind, may)
    assert explain_error(int(signed)) == explain_error(int(shown, 16)) == found


@pytest.mark.parametrize("row", rows(EXIT), ids=lambda row: row[0])
def test_a_known_exit_code_is_explained(row):
    number, name, kind, *may = row
    found = explain_error(number)
    assert (found["signed"], found["name"], found["class"], flags(found)) == (int(number), name, kind, may)
    assert explain_error(int(number)) == found


def test_an_exit_code_and_the_hresult_that_carries_it_say_the_same():
    for number in (1603, 1618, 1641, 3010, 3011, 13, 12029):
        plain, carried = explain_error(number), explain_error(0x80070000 + number)
        changes = {key for key in KEYS if plain[key] != carried[key]}
        assert changes == {"hex", "signed"}


def test_the_classic_mix_ups_are_told_apart():
    def kinds(*codes):
        return [explain_error(code)["class"] for code in codes]

    assert kinds(2359301, 2359302, 2359303) == ["success_reboot", "success", "success"]
    assert kinds(3010, 1641, 3011) == ["success_reboot", "success_reboot", "success"]
    assert kinds("0x80240016", "0x80240017") == ["busy", "not_applicable"]
    assert "started" in explain_error(1641)["cause"]
    assert "not start another" in explain_error(1641)["next_step"]
    assert "service" in explain_error(3011)["next_step"]


def test_what_worked_needs_no_second_try_and_what_asks_for_a_reboot_says_so():
    for _number, entry in known_codes():
        if entry.kind.startswith("success"):
            assert not entry.retryable, entry
        if entry.kind in ("success_reboot", "reboot"):
            assert entry.reboot_may_help, entry
        if entry.kind == "success":
            assert not entry.reboot_may_help, entry


def test_every_known_code_has_a_class_that_is_explained_and_two_full_sentences():
    for number, entry in known_codes():
        assert entry.kind in CLASSES, number
        for text in (entry.cause, entry.next_step):
            assert text[0].isupper(), (number, text)
            assert text.endswith((".", ")")), (number, text)
            assert len(text) <= 220, (number, text)


def test_every_class_is_used():
    assert {entry.kind for _number, entry in known_codes()} == set(CLASSES)


FORMS = [
    -2145124329,
    2149842967,
    "-2145124329",
    "2149842967",
    "0x80240017",
    "0X80240017",
    "  0x80240017\n",
    "0xFFFFFFFF80240017",
    "ffffffff80240017",
    "80240017",
    "&H80240017",
]


@pytest.mark.parametrize("form", FORMS)
def test_one_code_may_be_written_in_many_ways(form):
    assert explain_error(form)["name"] == "WU_E_NOT_APPLICABLE"


def test_letters_are_hexadecimal_and_digits_decimal_unless_only_the_other_is_known():
    assert explain_error("8024401C")["hex"] == "0x8024401C"
    assert explain_error("3010")["signed"] == 3010
    assert explain_error("0xbc2")["signed"] == 3010
    assert explain_error("81234567")["signed"] == 81234567
    assert explain_error("00003010")["signed"] == 3010
    assert [explain_error(text)["signed"] for text in ("00240005", "00240006")] == [2359301, 2359302]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "an empty text"),
        ("  ", "an empty text"),
        ("hello", "'hello'"),
        ("0x", "'0x'"),
        ("0x123456789", "'0x123456789'"),
        ("12 34", "'12 34'"),
        ("3010.0", "'3010.0'"),
        ("٣٠١٠", "٣"),
        ("a\x1b[2J" + "x" * 900, "'a [2J"),
        (None, "null"),
        (True, "bool"),
        (3010.0, "float"),
        ([3010], "list"),
        ({"rc": 3010}, "mapping"),
        (1 << 32, "more than 32 bits"),
        (-(1 << 31) - 1, "more than 32 bits"),
        pytest.param(10**5000, "more than 32 bits", id="thousands of digits"),
        ("99999999999", "more than 32 bits"),
    ],
)
def test_what_is_no_code_is_an_error_that_shows_it_and_a_right_one(given, said):
    with pytest.raises(CodeError) as refused:
        explain_error(given)
    assert said in str(refused.value)
    assert "0x80240017" in str(refused.value)
    assert "\x1b" not in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("code", "name", "cause"),
    [
        (0x8007267C, "HRESULT_FROM_WIN32(9852)", "9852"),
        (0x80190194, "HTTP 404", "HTTP 404"),
        (0x8024A204, "FACILITY_WINDOWSUPDATE 0xA204", "Automatic Updates and the orchestrator"),
        (0x80244FFF, "FACILITY_WINDOWSUPDATE 0x4FFF", "the conversation with the server"),
        (0x8024B001, "FACILITY_WINDOWSUPDATE 0xB001", "the agent's tasks"),
        (0x00241234, "FACILITY_WINDOWSUPDATE 0x1234", "a success"),
        (100000, "FACILITY_RPC 34464", "also a failure"),
        (0x80131522, "FACILITY_URT 5410", ".NET"),
        (0x87D00001, "FACILITY_CONFIGMGR 1", "ConfigMgr"),
        (0x80200010, "FACILITY_BACKGROUNDCOPY 16", "BITS"),
        (0x800F0831, "FACILITY_SETUPAPI 2097", "component servicing"),
        (0x8BAD1234, "FACILITY_941 4660", "facility 941"),
        (0xC0000005, "NTSTATUS 0xC0000005", "crashed"),
        (42, "exit code 42", "42"),
        (-1, "exit code -1", "-1"),
    ],
)
def test_an_unknown_code_is_taken_apart(code, name, cause):
    found = explain_error(code)
    assert (found["name"], cause in found["cause"]) == (name, True)
    assert [found[key] for key in ("class", "retryable", "reboot_may_help")] == ["unknown"] * 3


@given(code=st.integers(0, 0xFFFFFFFF))
def test_signed_unsigned_and_hexadecimal_are_one_code(code):
    found = explain_error(code)
    signed = code - (1 << 32) if code >= 1 << 31 else code
    assert found["signed"] == signed
    assert int(found["hex"], 16) == code
    assert re.fullmatch(r"0x[0-9A-F]{8}", found["hex"])
    for form in (signed, f"0x{code:x}", f" {code:#010X} ", f"{signed}"):
        assert explain_error(form) == found


@given(code=st.integers(0, 0xFFFFFFFF))
def test_every_number_has_an_answer_without_nulls(code):
    found = explain_error(code)
    assert list(found) == KEYS
    assert None not in found.values()
    assert found["class"] in CLASSES
    assert found["cause"].endswith((".", ")"))
    known = found["retryable"] != "unknown"
    assert known == (found["reboot_may_help"] != "unknown") == isinstance(found["retryable"], bool)


@given(value=st.text(max_size=30) | st.binary(max_size=5) | st.floats() | st.none() | st.integers())
def test_garbage_is_refused_and_nothing_else_happens(value):
    said = None
    try:
        said = list(explain_error(value))
    except CodeError as refused:
        said = str(refused)[:25]
    assert said in (KEYS, "a code is a number such a")
