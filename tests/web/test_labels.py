"""Every state that the code knows has a tag with words, icon and colour."""

from __future__ import annotations

from enum import StrEnum

import pytest

from archive_service.kernel.findings import Severity
from archive_service.kernel.jobs import JobState
from archive_service.kernel.people import AccountState, GrantState
from archive_service.web.jinja import environment
from archive_service.web.labels import COLOURS, LABELS, REGIME_WORDS, label
from archive_service.web.running import kind_words
from archive_service.web.sentences import Sentences
from archive_service.worker import HANDLERS
from ingest.models import SipState
from preservation.models import AccessMode, CopyState, DossierState, Verdict
from preservation.watch_models import IncidentState
from retention.models import Answer, ListState

# Object of the labels → the enum of the code. A new enum joins here; the code's enum decides, not the table.
ENUMS: dict[str, type[StrEnum]] = {
    "finding": Severity,
    "sip": SipState,
    "job": JobState,
    "account": AccountState,
    "grant": GrantState,
    "signature": Verdict,
    "copy": CopyState,
    "access": AccessMode,
    "dossier": DossierState,
    "incident": IncidentState,
    "list": ListState,
    "entry": Answer,
}
ALL = [(thing, code) for thing, codes in LABELS.items() for code in codes]


@pytest.mark.parametrize("thing", sorted(ENUMS))
def test_every_member_of_an_enum_has_a_tag(thing: str) -> None:
    assert {str(member.value) for member in ENUMS[thing]} <= LABELS[thing].keys()


@pytest.mark.parametrize(("thing", "code"), ALL)
def test_a_tag_shows_word_icon_and_colour(thing: str, code: str) -> None:
    one = label(thing, code)
    assert one.vi and one.en and one.colour in COLOURS
    shown = environment("vi").globals["ui"].tag(thing, code)
    assert one.vi in shown and "<svg" in shown and one.colour in shown


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_kind_of_job_has_words(language: str) -> None:
    assert [kind for kind in HANDLERS if kind_words(Sentences(language), kind) == kind] == []


def test_a_state_without_words_raises() -> None:
    with pytest.raises(KeyError):
        label("sip", "failed")


def test_a_detail_stands_where_the_language_puts_it() -> None:
    ageing = label("signature", "ageing")
    assert ageing.words("vi", "01/02/2030") == "Sẽ hết căn cứ ngày 01/02/2030"
    assert ageing.words("en", "01/02/2030") == "Unprovable after 01/02/2030"
    assert label("sip", "checking").words("vi", "3/7") == "Đang kiểm tra 3/7"


def test_our_fault_and_the_producers_share_no_colour_and_no_word() -> None:
    ours = [one for codes in LABELS.values() for one in codes.values() if one.colour == "ours"]
    theirs = [one for codes in LABELS.values() for one in codes.values() if one.colour == "producer"]
    assert not {one.icon for one in ours} & {one.icon for one in theirs}
    assert not {one.vi for one in ours} & {one.vi for one in theirs}


def test_unknown_is_never_green() -> None:
    unknown = {
        "not_run",
        "not_scanned",
        "not_checked",
        "indeterminate",
        "none",
        "not_configured",
        "unanswered",
    }
    assert not [code for thing, code in ALL if code in unknown and label(thing, code).colour == "good"]


def test_both_regimes_have_every_word() -> None:
    assert REGIME_WORDS["2011"].keys() == REGIME_WORDS["2024"].keys()
