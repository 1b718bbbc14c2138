from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

import archive_service
from archive_service.kernel.findings import Finding, Severity
from archive_service.regulations import Rules, load
from archive_service.regulations.tables import Certainty, Obligation
from archive_service.regulations.terms import Permanent, Unknown, Years

PROJECT = Path(archive_service.__file__).parent.parent
RULES = load()


def codes_in_the_source() -> set[str]:
    found = set()
    for package in ("archive_service", "ingest", "preservation", "retention", "search"):
        for source in (PROJECT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding" and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        found.add(first.value)
    return found


def test_every_finding_code_in_the_source_has_its_sentences() -> None:
    assert codes_in_the_source() - set(RULES.messages) == set()


def test_every_sentence_takes_the_three_fields_and_no_other() -> None:
    for code in RULES.messages:
        for language in ("vi", "en"):
            assert RULES.sentence(Finding(code, "p", "g", "e"), language)


def test_the_sentences_spell_as_the_law_does() -> None:
    for row in RULES.messages.values():
        for wrong in ("huỷ", "hoá", "thoả", "!", "bạn ", "rất tiếc"):
            assert wrong not in (row.vi + row.remedy_vi)


@pytest.mark.parametrize(
    ("told", "vi"), [("destroyed", "đã được hủy"), ("open", "gói khác"), ("stored", "trong kho")]
)
def test_a_conflict_says_which_of_the_three_it_is(told: str, vi: str) -> None:
    finding = Finding("identity-conflict", "data/metadata.xml", "H43.2020.1", told)
    sentences = [RULES.sentence(finding, language) for language in ("vi", "en")]
    assert vi in sentences[0]
    assert all(told not in sentence.split() for sentence in sentences[:1])


def test_a_sentence_names_file_values_basis_and_remedy() -> None:
    told = RULES.sentence(Finding("bag-digest-mismatch", "data/07.pdf", "SHA-256 3f9a", "9c04"), "en")
    assert told == (
        "File data/07.pdf does not match the sender's manifest: it is SHA-256 3f9a, the manifest says 9c04. "
        "Basis: Decree 01/2013, Art. 7(2). Build the package again from the original file and resubmit."
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [("vi", "(Lê Bình: nội dung đã bị thay đổi sau khi ký)"), ("en", "(Lê Bình: the content was changed")],
)
def test_no_sentence_shows_the_code_of_a_standard(language: str, words: str) -> None:
    broken = Finding("signature-broken", "data/1.pdf", got="Lê Bình: HASH_FAILURE")
    assert words in RULES.told(broken, language)


def test_a_code_nobody_described_is_refused() -> None:
    with pytest.raises(KeyError):
        RULES.message("no-such-code")


def test_a_misspelt_key_in_a_table_stops_the_start() -> None:
    tables = RULES.model_dump() | {"acess": {}}
    with pytest.raises(ValidationError):
        Rules.model_validate(tables)


@pytest.mark.parametrize(
    ("raw", "mode"),
    [
        ("Công khai", "public"),
        ("01", "public"),
        ("Sử dụng có điều kiện", "conditional"),
        ("hạn chế", "conditional"),
        ("Riêng tư", "closed"),
        ("Không mật", "closed"),
        ("chưa rõ", "closed"),
        ("", "closed"),
        (None, "closed"),
        ("03", "secret"),
        ("03 - Mật", "secret"),
        ("MẬT", "secret"),
        ("Mat", "secret"),
        ("Độ mật: Tối mật", "secret"),
        ("tuyệt mật", "secret"),
        ("Tuye\u0323\u0302t ma\u0323\u0302t", "secret"),
        ("Không mật, mật", "secret"),
        ("TUYET_MAT", "secret"),
        ("Do mat: Toi mat", "secret"),
        ("M\u200bật", "secret"),
        ("Chưa giải mật", "secret"),
        ("Đã giải mật", "closed"),
        ("Hợp đồng mua mật ong", "closed"),
        ("Tôi mất giấy tờ", "closed"),
    ],
)
def test_a_raw_access_string_is_read_with_care(raw: str | None, mode: str) -> None:
    assert RULES.access_mode(raw) == mode


def test_only_listed_access_strings_count_as_known() -> None:
    assert RULES.access_known("Riêng tư")
    assert not RULES.access_known("chưa rõ")


@pytest.mark.parametrize(
    ("raw", "term"),
    [
        ("Vĩnh viễn", Permanent()),
        ("20 năm", Years(20)),
        ("  5  Năm ", Years(5)),
        ("0 năm", Unknown("0 năm")),
        ("999999 năm", Unknown("999999 năm")),
        ("02", Unknown("02")),
        ("Đến khi văn bản hết hiệu lực", Unknown("Đến khi văn bản hết hiệu lực")),
        ("5 năm sau khi chấm dứt Hợp đồng", Unknown("5 năm sau khi chấm dứt Hợp đồng")),
        ("-5 năm", Unknown("-5 năm")),
        ("1,5 năm", Unknown("1,5 năm")),
        (None, Unknown("")),
    ],
)
def test_only_the_two_plain_forms_of_a_term_are_read(raw: str | None, term: object) -> None:
    assert RULES.maintenance(raw) == term


@pytest.mark.parametrize(
    ("day", "regime"),
    [
        (date(2019, 3, 9), "older"),
        (date(2019, 3, 10), "TT02_2019"),
        (date(2025, 6, 30), "TT02_2019"),
        (date(2025, 7, 1), "TT05_2025"),
    ],
)
def test_the_regime_changes_on_the_day_the_law_says(day: date, regime: str) -> None:
    assert RULES.regime(day) == regime


def test_the_field_tables_hold_the_law_s_fields() -> None:
    assert len(RULES.fields("fonds")) == 13
    assert [each.tag for each in RULES.fields("dossier")][:5] == [
        "FileCode",
        "Identifier",
        "OrganId",
        "FileCatalog",
        "FileNotation",
    ]
    assert RULES.known_fields("document")["DocCode"].length == 25


def test_nothing_is_demanded_for_certain_on_second_hand_authority() -> None:
    for level in ("dossier", "document"):
        for field in RULES.fields(level):
            if field.obligation is Obligation.required:
                assert field.obligation_certainty in (Certainty.unsure, Certainty.own)


def test_a_format_of_no_table_is_looked_at_by_a_person() -> None:
    assert RULES.format_policy("fmt/477").verdict == "accepted"
    assert RULES.format_policy("fmt/494").verdict == "refuse"
    assert RULES.format_policy("fmt/0").verdict == "warn"


def test_an_official_letter_has_no_abbreviation() -> None:
    assert RULES.type_abbreviation("Quyết định") == "QĐ"
    assert RULES.type_abbreviation("công văn") == ""


def test_the_default_severities_are_those_agreed() -> None:
    assert RULES.severity(Finding("bag-digest-mismatch")) is Severity.error
    assert RULES.severity(Finding("secrecy-declared")) is Severity.error
    assert RULES.severity(Finding("metadata-total-documents")) is Severity.warning


@pytest.mark.parametrize(
    ("on", "law"),
    [(date(2025, 6, 30), "Luật Lưu trữ 01/2011/QH13"), (date(2025, 7, 1), "Luật Lưu trữ 33/2024/QH15")],
)
def test_a_destruction_follows_the_law_of_the_day_of_its_decision(on: date, law: str) -> None:
    assert RULES.destruction_law(on).clause.startswith(law)
