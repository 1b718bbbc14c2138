"""Archives with two backup media and an escrowed key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pyrage import x25519

from archive_service.backup.cipher import read_identities
from archive_service.backup.media import MANIFEST, folder_of
from archive_service.backup.medium_new import prepare
from archive_service.backup.run import RunReport, run_backup
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.clock import MovableClock
from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from tests.archives import House, make_house
from tests.past import Past
from tests.retention.shelf import Hands

IDENTITY = x25519.Identity.generate()


@dataclass(slots=True)
class Safe:
    """An archive with a past, its media, and the key that lies in a safe."""

    past: Past
    house: House
    folder: Path
    key: Path

    @property
    def archive(self) -> Archive:
        return self.house.archive

    @property
    def identities(self) -> list[Any]:
        return read_identities(self.key)

    def run(self, kind: Any = None) -> RunReport:
        return run_backup(self.archive, OPERATOR, kind)

    def medium(self, medium_id: str = "dia-a") -> Path:
        return self.folder / medium_id

    def part(self, report: RunReport, name: str = "database.age", medium_id: str = "dia-a") -> Path:
        return self.medium(medium_id) / folder_of(report.set_id) / name

    def sets(self, medium_id: str = "dia-a") -> list[str]:
        return sorted(path.parent.name for path in self.medium(medium_id).rglob(MANIFEST))


def settings_of(folder: Path) -> dict[str, Any]:
    media = [{"id": name, "url": (folder / name).as_uri()} for name in ("dia-a", "dia-b")]
    return {"backup": media, "backup_recipients": [str(IDENTITY.to_public())]}


def key_in(folder: Path) -> Path:
    path = folder / "khoa.txt"
    path.write_text(f"# khóa của két\n{IDENTITY}\n")
    return path


@pytest.fixture
def safe(lived: Past, tmp_path: Path) -> Iterator[Safe]:
    shutil.copytree(lived.house.archive.settings.data, tmp_path / "var")
    clock = MovableClock(lived.house.clock.now())
    clock.advance(seconds=1)
    archive = Archive(Settings(data=tmp_path / "var", **settings_of(tmp_path)), clock)
    house = replace(lived.house, archive=archive, clock=clock)
    for medium in archive.settings.backup:
        prepare(archive, OPERATOR, medium.id)
    yield Safe(replace(lived, house=house, hands=Hands(house)), house, tmp_path, key_in(tmp_path))
    archive.close()


@pytest.fixture
def served(tmp_path: Path, fresh_postgres: str) -> Iterator[House]:
    """On PostgreSQL."""
    house = make_house(tmp_path, database=fresh_postgres, **settings_of(tmp_path))
    for medium in house.archive.settings.backup:
        prepare(house.archive, OPERATOR, medium.id)
    yield house
    house.archive.close()
