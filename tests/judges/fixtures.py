"""The judges as fixtures: `ocfl_java(root)`, `rocfl(root)`, `bagit_java(bag, …)`, `verapdf(paths, flavour)`, `axe(page)`.

Each returns a `Verdict`. One that is not there is treated as a missing service is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.judges import axe as axe_judge
from tests.judges import java, rust
from tests.judges.java import Verdict
from tests.services.build import rocfl_program
from tests.services.fixtures import not_there
from tests.services.process import Unavailable

if TYPE_CHECKING:
    from playwright.sync_api import Page


def _require(config: pytest.Config, judge: str) -> None:
    try:
        java.require(judge)
    except Unavailable as error:
        not_there(config, f"judge {judge}", str(error))


@pytest.fixture(scope="session")
def ocfl_java(pytestconfig: pytest.Config) -> Callable[[Path], Verdict]:
    _require(pytestconfig, "ocfl-java")
    return java.ocfl_java


@pytest.fixture(scope="session")
def ocfl_java_all(pytestconfig: pytest.Config) -> Callable[[Sequence[Path]], list[Verdict]]:
    _require(pytestconfig, "ocfl-java")
    return java.ocfl_java_all


@pytest.fixture(scope="session")
def rocfl(pytestconfig: pytest.Config) -> Callable[[Path], Verdict]:
    """Built only when asked for, so it is only for tests marked `deep`."""
    if not rocfl_program().exists():
        reason = "not built: python -m tests.services.build rocfl"
        not_there(pytestconfig, "judge rocfl", reason)
    return rust.rocfl


@pytest.fixture(scope="session")
def bagit_java(pytestconfig: pytest.Config) -> Callable[..., Verdict]:
    _require(pytestconfig, "bagit-java")
    return java.bagit_java


@pytest.fixture(scope="session")
def verapdf(pytestconfig: pytest.Config) -> Callable[[Sequence[Path], str], Verdict]:
    _require(pytestconfig, "verapdf")
    return java.verapdf


@pytest.fixture(scope="session")
def axe(chromium_path: str) -> Callable[[Page], Verdict]:
    return axe_judge.axe
