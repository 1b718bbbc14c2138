from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_service.demo.dossiers import DemoPackage, make_package
from archive_service.demo.folders import demo_dossiers
from archive_service.demo.seals import Seals, make_seals
from tests.journeys.stacks import STACKS, Stack, open_stack

#: A public dossier that is long expired, a restricted one with a closed document, and a closed one.
NOTATIONS = ("08.VHTT", "05.TCCB", "04.NV1")


@pytest.fixture(scope="session")
def seals() -> Seals:
    return make_seals()


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory, seals: Seals) -> list[DemoPackage]:
    """A package for each of `NOTATIONS`, in their order."""
    out = tmp_path_factory.mktemp("packages")
    wanted = {each.notation: each for each in demo_dossiers()}
    return [make_package(out, wanted[notation], seals, seed=7) for notation in NOTATIONS]


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest, tmp_path: Path, seals: Seals) -> Iterator[Stack]:
    """An archive on the embedded default, and another one on the real services."""
    yield from open_stack(request, tmp_path, seals)
