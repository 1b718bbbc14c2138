"""What a container claims is read by a child, before anything of it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_service.kernel.findings import Finding
from archive_service.kernel.sandbox import FailureKind, Sandbox, SandboxFailure
from ingest import unpack
from ingest.ask_container import ask_look, ask_metadata
from ingest.unpack import FOLDER, TAR, ZIP, ContainerFault, Limits
from tests.builders import BagBuilder
from tests.ingest.test_unpack import member, tar_of, zip_of


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1) as found:
        yield found


@pytest.fixture
def not_here(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process no container is opened; in the sandbox, which runs already, they are."""
    sandbox.run("ingest.ask_container:faults_plainly", str(tmp_path), FOLDER, {})
    monkeypatch.setattr(unpack, "open_container", None)


@pytest.mark.usefixtures("not_here")
def test_faults_are_found_in_the_sandbox(sandbox: Sandbox, tmp_path: Path) -> None:
    hostile = tar_of(tmp_path / "a.tar", member("bag/../../x"), member("bag/l", b"2", link="/etc/passwd"))
    told = [each.code for each in ask_look(sandbox)(hostile, TAR, Limits())]
    assert "container-symlink" in told and any("path" in code or "name" in code for code in told)
    assert ask_look(sandbox)(BagBuilder().zip(tmp_path / "good.zip"), ZIP, Limits()) == []


@pytest.mark.usefixtures("not_here")
def test_metadata_comes_out_of_the_sandbox(sandbox: Sandbox, tmp_path: Path) -> None:
    assert b"<" in ask_metadata(sandbox, BagBuilder().zip(tmp_path / "good.zip"), ZIP, Limits())
    with pytest.raises(ContainerFault) as missing:
        ask_metadata(sandbox, zip_of(tmp_path / "a.zip", {"bag/bagit.txt": b""}), ZIP, Limits())
    assert missing.value.finding.code == "metadata-missing"


def test_a_container_that_wears_the_reader_out_is_a_fault_of_the_container(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worn_out(*_: object, **__: object) -> None:
        raise SandboxFailure(FailureKind.cpu, "ended by SIGXCPU")

    monkeypatch.setattr(sandbox, "run", worn_out)
    expected = Finding("container-unreadable", "", "cpu")
    assert ask_look(sandbox)(tmp_path, FOLDER, Limits()) == [expected]
    with pytest.raises(ContainerFault) as fault:
        ask_metadata(sandbox, tmp_path, FOLDER, Limits())
    assert fault.value.finding == expected
