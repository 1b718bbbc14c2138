"""Asking the sandbox what a container holds, before a byte of it is unpacked.

Directories and headers are the hostile part: they may claim anything, in any number. The child that reads them cannot
write, so that what was found harmless is written out by `unpack`, block by block within the limits.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from archive_service.kernel import sandbox as box
from archive_service.kernel.findings import Finding
from ingest.containers import ContainerFault, Limits
from ingest.unpack import Look, look_over, read_metadata_only

OF_A_FOLDER = 600
"""Seconds of processor time for a folder, whose size nobody knows beforehand."""


def ask_look(sandbox: box.Sandbox) -> Look:
    """`look_over`, asked in the sandbox: for `unpack`."""
    return partial(_ask_faults, sandbox)


def _ask_faults(sandbox: box.Sandbox, container: Path, kind: str, limits: Limits) -> list[Finding]:
    return [Finding(**each) for each in _ask(sandbox, "faults_plainly", container, kind, limits)["faults"]]


def ask_metadata(sandbox: box.Sandbox, container: Path, kind: str, limits: Limits) -> bytes:
    """As `read_metadata_only`. Raises `ContainerFault`."""
    answer = _ask(sandbox, "metadata_plainly", container, kind, limits)
    if answer["faults"]:
        raise ContainerFault(Finding(**answer["faults"][0]))
    data: bytes = answer["metadata"]
    return data


def _ask(sandbox: box.Sandbox, function: str, container: Path, kind: str, limits: Limits) -> dict[str, Any]:
    # An honest container inflates faster than a mebibyte of it a second, whatever it is.
    seconds = 60 + (container.stat().st_size >> 20) if container.is_file() else OF_A_FOLDER
    bounds = box.Limits(cpu_s=seconds, wall_s=2 * seconds)
    name = f"{__name__}:{function}"
    try:
        answer: dict[str, Any] = sandbox.run(name, str(container), kind, asdict(limits), limits=bounds)
    except box.SandboxFailure as failure:
        return {"faults": [asdict(Finding("container-unreadable", "", failure.kind.value))]}
    return answer


def faults_plainly(container: str, kind: str, limits: dict[str, int]) -> dict[str, Any]:
    """In the sandbox."""
    return {"faults": [asdict(each) for each in look_over(Path(container), kind, Limits(**limits))]}


def metadata_plainly(container: str, kind: str, limits: dict[str, int]) -> dict[str, Any]:
    """In the sandbox."""
    try:
        return {"faults": [], "metadata": read_metadata_only(Path(container), kind, Limits(**limits))}
    except ContainerFault as fault:
        return {"faults": [asdict(fault.finding)]}
