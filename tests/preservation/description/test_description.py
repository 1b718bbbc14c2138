"""The description: what survives the XML, what is refused, and what the tags mean."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from archive_service.regulations import load
from archive_service.regulations.terms import Years
from preservation.description import (
    DocumentDescription,
    DossierDescription,
    LawDate,
    MetadataUnreadable,
    parse_metadata,
    parse_plain,
    write_metadata,
)
from preservation.description import accessors as read
from preservation.description.parse import MAX_BYTES, NAMESPACE
from preservation.description.write import PROFILE, SCHEMA, published
from tests.builders import BagBuilder

RULES = load()
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=30,
)


def xml(inside: str, head: str = "") -> bytes:
    return f'{head}<v:dossier xmlns:v="{NAMESPACE}">{inside}</v:dossier>'.encode()


def test_a_description_survives_writing_and_reading() -> None:
    description = BagBuilder().description()
    assert parse_metadata(write_metadata(description)) == description


@given(st.dictionaries(st.sampled_from(["Title", "Description", "Keyword"]), XML_TEXT), XML_TEXT)
def test_any_text_and_file_name_survive(tags: dict[str, str], name: str) -> None:
    description = DossierDescription(tags, (DocumentDescription({}, (f"data/{name} a\n",)),))
    assert parse_metadata(write_metadata(description)) == description


def test_what_we_write_is_valid_by_our_schema() -> None:
    schema = etree.XMLSchema(etree.fromstring(published(SCHEMA)))
    schema.assertValid(etree.fromstring(write_metadata(BagBuilder().description())))


def test_the_schema_refuses_an_unknown_tag() -> None:
    schema = etree.XMLSchema(etree.fromstring(published(SCHEMA)))
    broken = write_metadata(BagBuilder(dossier={"Tittle": "x"}).description())
    assert not schema.validate(etree.fromstring(broken))


@pytest.mark.parametrize("level", ["dossier", "document"])
def test_the_schema_has_the_fields_and_lengths_of_the_table(level: str) -> None:
    xs = {"xs": "http://www.w3.org/2001/XMLSchema"}
    schema = etree.fromstring(published(SCHEMA))
    found = schema.findall(f"xs:element[@name='{level}']/xs:complexType/xs:sequence/xs:element[@name]", xs)
    fields = [*RULES.field_tables[level], *RULES.supplements[level]]
    assert [each.get("name") for each in found] == [each.tag for each in fields]
    for element, field in zip(found, fields, strict=True):
        longest = element.find(".//xs:maxLength", xs)
        if field.type == "text" and longest is not None:
            assert int(longest.get("value", "0")) == field.length


def test_the_profile_allows_what_the_archive_reads() -> None:
    profile = json.loads(published(PROFILE))
    assert profile["Allow-Fetch.txt"] is False
    assert "1.0" in profile["Accept-BagIt-Version"]


def test_tags_are_read_in_any_order_and_grouped_ones_flat() -> None:
    document = "<v:document><SignerInfo><Position>Giám đốc</Position><FullName>Lê A</FullName></SignerInfo></v:document>"
    description = parse_metadata(
        xml(f"{document}<Title> T </Title><FileCode><OrganId>H43</OrganId></FileCode>")
    )
    assert description.tags == {"Title": "T", "OrganId": "H43"}
    assert read.signer(description.documents[0]) == "Lê A"


def test_misprints_of_the_annex_are_read_as_the_law_s_tag() -> None:
    description = parse_metadata(xml("<Organld>H43</Organld><DocTotal>2</DocTotal>"))
    assert description.tags == {"OrganId": "H43", "TotalDoc": "2"}


def test_a_tag_given_twice_is_remembered() -> None:
    assert parse_metadata(xml("<Title>a</Title><Title>b</Title>")).repeated == ("Title",)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no xml",
        b"<dossier/>",
        b"<v:dossier xmlns:v='urn:other'/>",
        xml("<Title>&b;</Title>", BOMB),
        xml("<Title>&x;</Title>", '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        xml("<Title>à</Title>").decode().encode("latin-1"),
        xml("<Title>a</Title>").decode().encode("utf-16"),
        xml("", '<?xml version="1.0" encoding="ISO-8859-1"?>'),
        xml("<a>" * 5000 + "</a>" * 5000),
        xml("<a><b><c><d/></c></b></a>"),
        b" " * (MAX_BYTES + 1),
    ],
    ids=[
        "empty",
        "text",
        "bare",
        "namespace",
        "bomb",
        "file",
        "latin",
        "utf16",
        "declared",
        "deep",
        "five",
        "big",
    ],
)
def test_hostile_or_foreign_metadata_is_unreadable_and_nothing_worse(data: bytes) -> None:
    assert set(parse_plain(data)) == {"unreadable"}
    with pytest.raises(MetadataUnreadable):
        parse_metadata(data)


@pytest.mark.parametrize(
    ("raw", "earliest", "latest"),
    [
        ("15/06/2020", date(2020, 6, 15), date(2020, 6, 15)),
        ("1/1/2020", date(2020, 1, 1), date(2020, 1, 1)),
        ("02/2024", date(2024, 2, 1), date(2024, 2, 29)),
        ("2010", date(2010, 1, 1), date(2010, 12, 31)),
    ],
)
def test_a_date_of_the_law_is_a_range(raw: str, earliest: date, latest: date) -> None:
    assert LawDate.parse(raw) == LawDate(raw, earliest, latest)


@pytest.mark.parametrize(
    "raw", ["", "31/02/2020", "2020-06-15", "00/06/2020", "13/2020", "0000", "15/06/20", "xx/xx/2020"]
)
def test_what_is_no_date_is_refused_at_birth(raw: str) -> None:
    with pytest.raises(ValueError, match=r"date|day|month|year"):
        LawDate.parse(raw)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_of_the_calendar_is_read_back(day: date) -> None:
    found = LawDate.parse(f"{day.day:02}/{day.month:02}/{day.year}")
    assert found.earliest == found.latest == day


def test_a_code_is_kept_in_its_parts_and_never_split() -> None:
    code = read.dossier_code(BagBuilder().description())
    assert (code.organ_id, code.file_notation, code.agrees) == ("000.00.12.H43", "31.TTr", True)
    other = BagBuilder(dossier={"FileNotation": "32.TTr"}).description()
    assert not read.dossier_code(other).agrees


@pytest.mark.parametrize(
    ("rights", "mode", "access"),
    [
        ("Công khai", "Công khai", "public"),
        ("Công khai", "Hạn chế", "conditional"),
        ("Hạn chế", "Công khai", "conditional"),
        ("Công khai", None, "closed"),
        (None, "Công khai", "closed"),
        ("Công khai", "Mật", "secret"),
    ],
)
def test_the_stricter_access_wins(rights: str | None, mode: str | None, access: str) -> None:
    description = BagBuilder(dossier={"Rights": rights}, document={"Mode": mode}).description()
    assert read.document_access(description, description.documents[0], RULES) == access


def test_the_term_and_dates_are_read_from_the_tags() -> None:
    description = BagBuilder(dossier={"StartDate": "sai"}).description()
    end = read.end_date(description)
    assert read.retention_term(description, RULES) == Years(20)
    assert end is not None and end.latest == date(2020, 12, 31)
    assert read.start_date(description) is None


def test_numbers_and_places_are_told_as_people_cite_them() -> None:
    document = DocumentDescription({"CodeNumber": "15", "CodeNotation": "QĐ-UBND", "DocOrdinal": "7"}, ())
    assert read.document_number(document) == "15/QĐ-UBND"
    assert read.ordinal(document) == 7
    assert read.place_held(DossierDescription({"paperFileCode": "Kho 1"}, ()), document) == "Kho 1"
