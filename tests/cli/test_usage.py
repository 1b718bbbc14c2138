"""Wrong usage is told in the language of whoever asks, in sentences, with exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from archive_service.cli.usage import in_vietnamese
from tests.cli.terminal import Terminal
from tests.cli.test_help import APP, commands

MISUSES: dict[tuple[str, ...], str] = {
    ("keys", "escrow", "export"): "Thiếu tham số 'folder'.",
    ("restore",): "Thiếu tùy chọn '--identity'.",
    ("restore", "--identity"): "Tùy chọn '--identity' cần một giá trị.",
    ("storage", "probe", "--json=1"): "Tùy chọn '--json' không nhận giá trị.",
    ("storage", "add", "-z"): "Không có tùy chọn -z.",
    ("fixity", "run", "--al"): "Không có tùy chọn --al. Có phải --all, --help?",
    ("log", "verify", "a", "b"): "Thừa tham số: b",
    ("nosuch",): "Không có lệnh 'nosuch'.",
    ("storag",): "Không có lệnh 'storag'. Có phải 'storage', 'restore'?",
    ("--language", "vi"): "Thiếu lệnh.",
    (
        "--language",
        "fr",
        "init",
    ): "Giá trị của '--language' không hợp lệ: 'fr' không phải một trong 'vi', 'en'.",
    ("export", "x", "-o", "y"): "Giá trị của 'dossier' không hợp lệ: cần một mã UUID.",
    ("serve", "--port", "x"): "Giá trị của '--port' không hợp lệ: cần một số nguyên.",
    ("serve", "--port", "65536"): "Giá trị của '--port' không hợp lệ: cần số không lớn hơn 65535.",
    ("fixity", "run", "--limit", "0"): "Giá trị của '--limit' không hợp lệ: cần số không nhỏ hơn 1.",
    ("storage", "destroyed", "a", "--by", "b", "--on", "1/2/2026"): (
        "Giá trị của '--on' không hợp lệ: '1/2/2026' không phải một ngày dạng năm-tháng-ngày, ví dụ 2026-11-27."
    ),
}


@pytest.mark.parametrize("words", MISUSES)
def test_wrong_usage_is_told_in_vietnamese(
    archive: Terminal, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("LANG")
    said = archive(*words)
    first, *rest = said.err.splitlines()
    assert (said.code, said.out, first) == (2, "", MISUSES[words])
    assert all(line.startswith("Xem hướng dẫn: archive") and line.endswith("--help") for line in rest)


def test_in_english_it_is_as_it_was(archive: Terminal) -> None:
    said = archive("keys", "escrow", "export", "--json")
    assert (said.code, said.out) == (2, "")
    assert said.err == "Missing argument 'folder'.\nHelp: archive keys escrow export --help\n"


def test_a_group_alone_shows_its_help_and_no_error(archive: Terminal) -> None:
    said = archive("storage")
    assert (said.code, said.err) == (2, "") and "check-set" in said.out


def misuses(command: Any, name: str) -> Iterator[str]:
    """What Typer says, in English, of each parameter of one command that is left out or given nonsense."""
    tried: list[list[str]] = [[]]
    tried += [[each.opts[0], "?"] for each in command.params if each.param_type_name == "option"]
    for words in [*tried, ["?"] * 9, ["--?"]]:
        try:
            command.make_context(name, words)
        except typer.TyperException as error:
            yield error.format_message()


@pytest.mark.parametrize(("name", "command"), list(commands(APP)))
def test_whatever_a_command_refuses_has_its_vietnamese(name: str, command: Any) -> None:
    said = list(misuses(command, name))
    assert said and [each for each in said if in_vietnamese(each) == each] == []
    assert [each for each in map(in_vietnamese, said) if "Input" in each or "error" in each] == []
