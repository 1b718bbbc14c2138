"""The look at metadata.xml before anything is unpacked: no damaged neighbour and no broken description hides a secret."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive_service.kernel.sandbox import Sandbox
from archive_service.regulations import load
from ingest import judge as judging
from ingest.checks import Circumstances
from ingest.judge import Judgement, judge
from ingest.unpack import TAR, ZIP, Limits, look_over
from preservation.description import METADATA
from tests.builders import BagBuilder

SECRET = BagBuilder(dossier={"Rights": "Mật"})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1) as sandbox:
        yield sandbox


@pytest.fixture
def judged(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Judgement]:
    """The judgement of a package of which no byte may be unpacked."""
    monkeypatch.setattr(judging, "unpack", lambda *_: pytest.fail("a byte was unpacked"))
    now = datetime(2026, 7, 1, tzinfo=UTC)
    return lambda package: judge(package, ZIP, Circumstances(load(), sandbox, now), tmp_path / "scratch")


def with_other_head(package: Path, name: str, at: int, head: bytes) -> Path:
    """The zip with some bytes of one entry's local header changed."""
    with zipfile.ZipFile(package) as archive:
        offset = next(each.header_offset for each in archive.infolist() if each.filename.endswith(name)) + at
    data = bytearray(package.read_bytes())
    data[offset : offset + len(head)] = head
    package.write_bytes(bytes(data))
    return package


@pytest.mark.parametrize("head", [(0, b"XXXX"), (6, b"\1")], ids=["broken", "encrypted"])
def test_a_secret_is_seen_behind_a_document_that_does_not_open(
    judged: Callable[[Path], Judgement], tmp_path: Path, head: tuple[int, bytes]
) -> None:
    package = with_other_head(SECRET.zip(tmp_path / "goi.zip"), "001.pdf", *head)
    assert judged(package).secret


@pytest.mark.parametrize(
    "metadata",
    [b"<x/>", "<Rights>Mật".encode(), "<Rights>Mật</Rights>".encode("utf-16")],
    ids=["other", "cut", "utf-16"],
)
def test_of_a_description_that_cannot_be_read_nothing_is_unpacked(
    judged: Callable[[Path], Judgement], tmp_path: Path, metadata: bytes
) -> None:
    found = judged(BagBuilder(metadata=metadata).zip(tmp_path / "goi.zip"))
    assert [each.code for each in found.findings] == ["metadata-unreadable"]


def test_a_description_under_nearly_its_name_is_told_and_nothing_is_unpacked(
    judged: Callable[[Path], Judgement], tmp_path: Path
) -> None:
    other = "data/Metadata.XML"
    package = BagBuilder(metadata=b"", extra={other: b"<dossier/>"}).zip(tmp_path / "goi.zip")
    [finding] = judged(package).findings
    assert (finding.code, finding.got, finding.expected) == ("metadata-misnamed", f"goi/{other}", METADATA)


def test_the_faults_of_the_container_are_told_beside_the_unreadable_description(
    judged: Callable[[Path], Judgement], tmp_path: Path
) -> None:
    package = BagBuilder(metadata=b"<x/>", extra={"data/NUL.txt": b""}).zip(tmp_path / "goi.zip")
    assert [each.code for each in judged(package).findings] == [
        "metadata-unreadable",
        "container-reserved-name",
    ]


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_headers_without_end_are_the_packages_fault(tmp_path: Path, kind: bytes) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = kind, 12
    one = header.tobuf(tarfile.GNU_FORMAT) + b"12 path=b/x\n".ljust(512, b"\0")
    (tmp_path / "a.tar").write_bytes(one * 3000 + b"\0" * 1024)
    assert [each.code for each in look_over(tmp_path / "a.tar", TAR, Limits())] == ["container-unreadable"]
