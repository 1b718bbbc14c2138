"""Every sentence exists in both languages, is used as it is spelled, and follows the spelling of the law."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markupsafe import Markup

from archive_service.web.labels import LABELS
from archive_service.web.sentences import Sentence, Sentences, table

WEB = Path(__file__).parents[2] / "archive_service" / "web"
SOURCES = sorted(WEB.rglob("*.html")) + sorted(WEB.glob("*.py"))
# A key in full: t("frame.skip"); the beginning of a computed one: t("keys." ~ meaning), t(f"error.title_{…}").
USED = re.compile(r"""\bt\(\s*f?"([a-z_.0-9]+)(\{?)"\s*(~?)""")
NAMED = re.compile(r'"((?:navigation|list|sheet|[a-z_]+)\.[a-z_0-9]+)"')
WAYS_OUT = ("back", "cancel", "clear", "drop", "close")
OLD_SPELLING = re.compile(r"\b[a-zđ]*(?:uỷ|oá|oà|oả|oã|oạ|oé|oè|oẻ|oẽ|oẹ|uý|uỳ|uỹ|uỵ)\b", re.IGNORECASE)


def forms(sentence: Sentence) -> list[str]:
    return [sentence] if isinstance(sentence, str) else list(sentence.values())


def fields(sentence: Sentence) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", " ".join(forms(sentence))))


def misspelled(text: str) -> list[str]:
    """Words with the mark on the second vowel where the law puts it on the first: huỷ, hoá, thoả."""
    return [word for word in OLD_SPELLING.findall(text) if not word.lower().startswith("qu")]


def test_both_languages_have_the_same_sentences() -> None:
    assert table("vi").keys() - preview_keys() == table("en").keys() - preview_keys()


def preview_keys() -> set[str]:
    return {key for key in table("vi") if key.startswith("preview.")}


@pytest.mark.parametrize("key", sorted(table("vi")))
def test_both_languages_name_the_same_fields(key: str) -> None:
    assert fields(table("vi")[key]) == fields(table("en")[key])


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_every_key_that_is_used_exists(source: Path) -> None:
    for key, _brace, joined in USED.findall(source.read_text()):
        known = (
            any(known.startswith(key) for known in table("vi")) if joined or _brace else key in table("vi")
        )
        assert known, f"{source.name} uses {key}"


def test_every_key_of_the_navigation_exists() -> None:
    from archive_service.web.navigation import NAVIGATION

    keys = {entry.key for entries in NAVIGATION.values() for entry in entries}
    assert keys <= table("vi").keys()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_sentence_holds_markup(language: str) -> None:
    assert not [key for key, one in table(language).items() if re.search("[<>&]", " ".join(forms(one)))]


def test_spelling_follows_the_law() -> None:
    words = [form for one in table("vi").values() for form in forms(one)]
    words += [label.vi for codes in LABELS.values() for label in codes.values()]
    words += [path.read_text() for path in SOURCES]
    assert [wrong for text in words for wrong in misspelled(text)] == []


@pytest.mark.parametrize("wrong", ["huỷ", "hoá đơn", "thoả thuận"])
def test_old_spelling_is_found(wrong: str) -> None:
    assert misspelled(wrong)


@pytest.mark.parametrize(
    "right", ["hủy", "hóa", "thỏa", "quý", "quỹ", "hoàn", "toàn", "khoản", "thuyết", "khuyên"]
)
def test_right_spelling_is_not_touched(right: str) -> None:
    assert not misspelled(right)


def test_destroy_is_never_a_way_out() -> None:
    outs = [one for key, one in table("vi").items() if key.rpartition(".")[2] in WAYS_OUT]
    assert not [form for one in outs for form in forms(one) if "hủy" in form.lower()]


def test_counts_are_written_in_the_form_of_the_language() -> None:
    assert Sentences("vi")("list.more_than", limit=10_000) == "hơn 10.000"
    assert Sentences("en")("findings.count", n=1) == "1 finding"


def test_a_field_with_markup_leaves_the_other_fields_escaped() -> None:
    shown = Sentences("vi")("digest.found", algorithm=Markup("<b>SHA</b>"))
    assert shown == "<b>SHA</b> tính được"
    mixed = Sentences("vi")("list.drop_named", name="<i>")
    assert not isinstance(mixed, Markup)


def test_an_unknown_key_raises() -> None:
    with pytest.raises(KeyError):
        Sentences("vi")("no.such_sentence")
