"""An encrypted disk out of the safe is opened with what the safe holds: no archive, no database, nothing believed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyrage import x25519

from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.keystore.entry import entry_name
from archive_service.kernel.keystore.export import export_for_safe
from archive_service.kernel.keystore.setting import KeystoreSettings
from archive_service.kernel.settings import Root, Settings
from archive_service.work import Archive
from preservation.aips.erase import erase
from preservation.ocfl.layout import object_path
from preservation.offline import MANIFEST
from preservation.replication.offline_set import check_set, export_set
from preservation.replication.opened_set import open_set
from tests.archives import House
from tests.cli.conftest import archive
from tests.cli.terminal import Terminal
from tests.preservation.dossiers import dossier_of, keep

__all__ = ["archive"]  # the fixture


@dataclass(frozen=True, slots=True)
class Safe:
    """What lies in the safe, the archive being gone: the disk, the medium with the keys, the paper."""

    disk: Path
    keys: Path
    paper: Path
    identity: x25519.Identity
    one: str
    other: str
    destroyed: str


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, furnished: House) -> Safe:
    folder = tmp_path_factory.mktemp("sealed")
    shutil.copytree(furnished.archive.settings.data, folder / "var")
    old, identity = furnished.archive.settings, x25519.Identity.generate()
    disk = Root(id="dia", url=(folder / "dia").as_uri(), failure_domain="ket sat", role="offline")
    here = [
        root.model_copy(update={"url": (folder / f"var/storage/{n}").as_uri()})
        for n, root in enumerate(old.storage, 1)
    ]
    settings = Settings(
        data=folder / "var",
        storage=[*here, disk],
        keystore=KeystoreSettings(escrow=[str(identity.to_public())]),
    )
    furnished.archive.close()
    house = House(
        Archive(settings, furnished.clock),
        furnished.clock,
        furnished.agency,
        furnished.unit,
        furnished.other_unit,
        furnished.fonds,
        furnished.people,
    )
    ids = [keep(house, n) for n in (1, 2, 3)]
    names = [dossier_of(house.archive, each).object_id for each in ids]
    export_set(house.archive, OPERATOR, folder / "dia")
    shutil.copytree(folder / "dia", folder / "safe")
    erase(house.archive, ids[2], ground="expired", entry_id=None)
    export_for_safe(house.archive.keystore, folder / "keys")
    house.archive.close()
    shutil.rmtree(folder / "var")
    (folder / "paper").write_text(f"{identity}\n")
    return Safe(folder / "safe", folder / "keys", folder / "paper", identity, *names)


@pytest.fixture
def safe(sealed: Safe, tmp_path: Path) -> Safe:
    """A copy that a test may harm."""
    shutil.copytree(sealed.disk, tmp_path / "disk")
    shutil.copytree(sealed.keys, tmp_path / "keys")
    return Safe(
        tmp_path / "disk",
        tmp_path / "keys",
        sealed.paper,
        sealed.identity,
        sealed.one,
        sealed.other,
        sealed.destroyed,
    )


def largest(safe: Safe, object_id: str) -> Path:
    files = (each for each in (safe.disk / object_path(object_id)).rglob("*") if each.is_file())
    return max(files, key=lambda each: each.stat().st_size)


def correct(disk: Path) -> None:
    """The manifest made to fit what lies there now, as whoever wants to hide a change would."""
    lines = (disk / MANIFEST).read_text().splitlines()
    paths = [line.partition("  ")[2] for line in lines]
    text = "".join(f"{hashlib.sha512((disk / p).read_bytes()).hexdigest()}  {p}\n" for p in paths)
    (disk / MANIFEST).write_text(text)
    digest = hashlib.sha512(text.encode()).hexdigest()
    (disk / f"{MANIFEST}.sha512").write_text(f"{digest}  {MANIFEST}\n")


def test_a_whole_set_opens_and_what_was_destroyed_by_law_does_not(safe: Safe) -> None:
    found = open_set(safe.disk, safe.keys, [safe.identity])
    assert (found.faults, found.destroyed) == ([], [safe.destroyed])
    assert found.objects >= 3 and check_set(safe.disk)[1] == []


def flip(path: Path, place: int = -30) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


HARM: dict[str, Callable[[Safe], object]] = {
    "a bit of the contents": lambda s: flip(largest(s, s.one)),
    "a bit of the header": lambda s: flip(largest(s, s.one), 80),
    "a bit of the nonce": lambda s: flip(largest(s, s.one), 290),
    "cut": lambda s: largest(s, s.one).write_bytes(largest(s, s.one).read_bytes()[:-40]),
    "another dossier's file": lambda s: shutil.copy(largest(s, s.other), largest(s, s.one)),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_change_whose_outer_digest_was_corrected_is_caught_by_the_key(safe: Safe, harm: str) -> None:
    HARM[harm](safe)
    assert check_set(safe.disk)[1] != []
    correct(safe.disk)
    assert check_set(safe.disk)[1] == []  # the bytes alone tell nothing any more
    faults = open_set(safe.disk, safe.keys, [safe.identity]).faults
    assert faults and all(object_path(safe.one) in where for _, where in faults)


def test_a_missing_key_is_named_with_its_dossier_and_the_others_are_read(safe: Safe) -> None:
    (safe.keys / entry_name(safe.one)).unlink()
    found = open_set(safe.disk, safe.keys, [safe.identity])
    assert found.faults == [("no-key", object_path(safe.one))]


def test_the_key_of_another_dossier_is_no_key(safe: Safe) -> None:
    shutil.copy(safe.keys / entry_name(safe.other), safe.keys / entry_name(safe.one))
    assert open_set(safe.disk, safe.keys, [safe.identity]).faults == [("no-key", object_path(safe.one))]


def test_a_wrong_escrow_key_is_told_at_once(safe: Safe) -> None:
    with pytest.raises(NotPossible) as refused:
        open_set(safe.disk, safe.keys, [x25519.Identity.generate()])
    assert refused.value.name == "escrow-opens-nothing"


def test_a_destroyed_key_that_comes_back_opens_nothing_and_an_altered_log_is_told(safe: Safe) -> None:
    back = safe.keys / entry_name(safe.destroyed)
    back.parent.mkdir(exist_ok=True)
    shutil.copy(safe.keys / entry_name(safe.other), back)
    assert open_set(safe.disk, safe.keys, [safe.identity]).destroyed == [safe.destroyed]
    log = safe.keys / "destroyed.jsonl"
    log.write_text(log.read_text().replace('"number": 1', '"number": 2'))
    with pytest.raises(NotPossible) as refused:
        open_set(safe.disk, safe.keys, [safe.identity])
    assert refused.value.name == "key-log-altered"


def test_the_command_says_how_far_it_looked(safe: Safe, archive: Terminal) -> None:
    plain = archive("storage", "check-set", safe.disk)
    assert plain.code == 0 and "only sealed bytes were compared" in plain.out
    assert archive("storage", "check-set", safe.disk, "--keys", safe.keys).code == 2
    given = ("storage", "check-set", safe.disk, "--keys", safe.keys, "--identity", safe.paper)
    told = json.loads(archive(*given, "--json").out)
    assert (told["faults"], told["encrypted"], told["destroyed"]) == ([], True, [safe.destroyed])
    flip(largest(safe, safe.one))
    correct(safe.disk)
    assert archive("storage", "check-set", safe.disk).code == 0
    assert archive(*given).code == 1


def test_a_bit_of_any_file_of_a_dossier_is_caught(safe: Safe) -> None:
    files = sorted(each for each in (safe.disk / object_path(safe.one)).rglob("*") if each.is_file())
    assert len(files) > 8
    missed = []
    for path in files:
        flip(path, -1)
        if not open_set(safe.disk, safe.keys, [safe.identity]).faults:
            missed.append(path)
        flip(path, -1)
    assert missed == []
