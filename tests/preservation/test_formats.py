from __future__ import annotations

from pathlib import Path

from archive_service.kernel.sandbox import Sandbox
from preservation.formats import UNKNOWN, ask_format, ask_second_opinion
from tests import made


def test_a_pdf_a_is_known_by_its_bytes_and_not_by_its_name(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "van-ban.docx"
    path.write_bytes(made.pdf())
    fact = ask_format(sandbox, path)
    assert (fact["puid"], fact["mime"]) == ("fmt/477", "application/pdf")
    assert "byte match" in fact["basis"]
    assert "extension mismatch" in fact["warning"]


def test_an_office_file_is_known_by_what_its_container_holds(sandbox: Sandbox, file: Path) -> None:
    file.write_bytes(made.word("Kính gửi"))
    fact = ask_format(sandbox, file)
    assert fact["puid"] == "fmt/412"
    assert "container" in fact["basis"]


def test_noise_and_nothing_are_unknown(sandbox: Sandbox, file: Path) -> None:
    for content in (bytes(range(256)) * 8, b""):
        file.write_bytes(content)
        assert ask_format(sandbox, file)["puid"] == UNKNOWN


def test_the_second_opinion_looks_into_containers(sandbox: Sandbox, file: Path) -> None:
    file.write_bytes(made.word("Kính gửi"))
    assert [(fact["puid"], fact["basis"]) for fact in ask_second_opinion(sandbox, file)] == [
        ("fmt/412", "fido container")
    ]


def test_the_second_opinion_never_goes_by_the_name(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "ghi-chu.csv"
    path.write_text("số,tên\n")
    assert ask_format(sandbox, path)["puid"] == "x-fmt/18"
    assert ask_second_opinion(sandbox, path) == []
