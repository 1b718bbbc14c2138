"""Finding, making and destroying keys, in every place of the keystore."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Lock

from pyrage import x25519

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.keystore import destroyed as log
from archive_service.kernel.keystore.destroyed import Destroyed
from archive_service.kernel.keystore.entry import FOLDER, Entry, NotOurs, entry_name, open_entry, seal_entry
from archive_service.kernel.keystore.masters import Masters
from archive_service.kernel.objects.age import DossierKey
from archive_service.kernel.objects.folder import FolderStore
from archive_service.kernel.objects.port import AlreadyThere, ObjectMissing, StoreAway

MARKER = "keystore.json"
CACHED = 2_000


class KeystoreAway(StoreAway):
    name = "keystore-away"
    vi_fact, en_fact = "Một nơi giữ khóa mã hóa không dùng được", "A place of the keystore cannot be used"


class KeyDestroyed(NotPossible):
    """Nothing may ever be sealed under that name again."""

    def __init__(self, owner: str) -> None:
        super().__init__(
            f"Khóa của {owner} đã bị hủy.", f"The key of {owner} was destroyed.", name="key-destroyed"
        )


class Keystore:
    def __init__(
        self, places: Sequence[Path], masters: Path, escrow: Sequence[str], now: Callable[[], datetime]
    ) -> None:
        self.places = [FolderStore(each) for each in places]
        self.masters, self.escrow = Masters(masters), tuple(escrow)
        self._now = now
        self._logs: dict[Path, tuple[tuple[int, int], list[Destroyed]]] = {}
        self._known: dict[str, DossierKey] = {}
        self._lock = Lock()

    def create(self) -> None:
        """Makes places that are not there yet and the first master key; never over something else.

        A new place beside one that holds keys is filled by `check --mend`.
        """
        for place in self.places:
            place.create()
            if place.stat(MARKER) is None:
                if any(place.list()):
                    raise NotPossible(
                        f"{place.base} đã có dữ liệu lạ, không dùng làm nơi giữ khóa được.",
                        f"{place.base} already holds something and cannot be a place of the keystore.",
                        name="foreign-files",
                    )
                place.base.chmod(0o700)
                place.put(MARKER, json.dumps({"keystore": 1, "made_at": self._stamp()}).encode())
        if not self.masters.files():
            if any(self.owners_of(place) for place in self.places):
                self.masters.identities()  # says what to do
            self.masters.make()

    @property
    def _begun(self) -> bool:
        """False only where there is neither a master key nor a place: never while a disk is merely away."""
        return bool(self.masters.files()) or self.exists

    @property
    def exists(self) -> bool:
        return any(place.base.is_dir() and place.stat(MARKER) for place in self.places)

    def find(self, owner: str) -> DossierKey | None:
        """The key, None where there is none (destroyed, or never made). A place that lost it gets it back.

        Raises `KeystoreAway` when it is in no place that can be read and one cannot be.
        """
        name = entry_name(owner)
        if owner in self._known and self._has(self.places[0], name):
            return self._known[owner]
        self._known.pop(owner, None)
        entry = self._read(owner) if self._begun else None
        if entry is None:
            return None
        with self._lock:
            if len(self._known) >= CACHED:
                self._known.clear()
            self._known[owner] = entry.key()
        return self._known[owner]

    def make(self, owner: str) -> DossierKey:
        """The key, in every place on the disk before this returns: a sealed byte without its key would be lost.

        Raises `KeystoreAway` while any place is away, `KeyDestroyed`.
        """
        if not self._begun:  # the first encrypted root of this archive was just added
            self.create()
        if found := self.find(owner):
            return found
        self.require_all()
        with self.masters.locked(alone=False):
            if owner in self.destroyed():
                raise KeyDestroyed(owner)
            master = self.masters.identities()[0].to_public()
            identity = str(x25519.Identity.generate())
            entry = Entry(owner, identity, self._stamp(), (str(master), *self.escrow))
            data, name = seal_entry(entry), entry_name(owner)
            try:  # of two who make it at once the first place lets one win
                self.places[0].put(name, data, if_absent=True)
            except AlreadyThere:
                data = _bytes(self.places[0], name)
            for place in self.places[1:]:
                place.put(name, data)
        key = self.find(owner)
        if key is None:
            raise KeystoreAway(
                str(self.places[0].base), f"the key of {owner} was not found after it was made"
            )
        return key

    def destroy(self, owner: str, *, ground: str) -> int:
        """Removes the key everywhere; returns from how many places. Noted in every place before the first removal, and
        also where there is none: who is just writing the dossier must not make one afterwards.

        Raises `KeystoreAway` while any place is away: a key that survives there has not been destroyed.
        """
        self.require_all()
        name = entry_name(owner)
        with self.masters.locked(alone=True):
            if owner not in self.destroyed():
                lines = self.log()
                after = log.following(
                    lines[-1] if lines else None, owner=owner, at=self._stamp(), ground=ground
                )
                self.bring_logs_to([*lines, after])
            self.bring_logs_to(self.log())
            self._known.pop(owner, None)
            return sum(place.purge(name) for place in self.places)

    def destroyed(self) -> dict[str, Destroyed]:
        return {each.owner: each for each in self.log()}

    def log(self) -> list[Destroyed]:
        """The longest log of the places that can be read. Raises `NotPossible` where it was altered."""
        logs = [self.log_of(place) for place in self.places if self.usable(place)]
        longest = max(logs, key=len, default=[])
        if any(each != longest[: len(each)] for each in logs):
            raise _altered("-")
        return longest

    def log_of(self, place: FolderStore) -> list[Destroyed]:
        path = place.base / log.LOG
        if not path.exists():
            return []
        found = path.stat()
        seen = (found.st_mtime_ns, found.st_size)
        if path not in self._logs or self._logs[path][0] != seen:
            try:
                self._logs[path] = (seen, log.read_log(path.read_bytes()))
            except log.LogBroken as error:
                raise _altered(f"{path}, {error}") from None
        return self._logs[path][1]

    def bring_logs_to(self, lines: list[Destroyed]) -> None:
        for place in self.places:
            missing = lines[len(self.log_of(place)) :]
            if missing:
                log.append(place.base / log.LOG, missing)

    def owners_of(self, place: FolderStore) -> set[str]:
        """Names of entries in one place."""
        return {info.key for info in place.list(FOLDER) if info.regular and info.key.endswith(".age")}

    def usable(self, place: FolderStore) -> bool:
        return place.base.is_dir() and self._has(place, MARKER)

    def require_all(self) -> None:
        for place in self.places:
            if not self.usable(place):
                raise KeystoreAway(str(place.base), "not there, or an empty mount")

    def entries(self) -> Iterator[tuple[str, list[Callable[[], bytes]]]]:
        """Every name in any place, with how to read it in each."""
        names = sorted(set().union(*(self.owners_of(place) for place in self.places)))
        for name in names:
            yield name, [partial(_bytes, place, name) for place in self.places]

    def _read(self, owner: str) -> Entry | None:
        """Raises `KeystoreAway` rather than say that a key was never made when one place cannot tell."""
        name = entry_name(owner)
        found: tuple[Entry, bytes] | None = None
        lost, unsure = [], False
        for place in self.places:
            try:
                data = _bytes(place, name) if self.usable(place) else None
            except ObjectMissing:
                lost.append(place)
                continue
            except StoreAway:
                data = None
            entry = self._opened(data, owner) if data else None
            if data and entry:
                found = found or (entry, data)
            elif data is not None:
                lost.append(place)  # spoilt: made good from the other place, and never replaced by a new key
                unsure = True
            else:
                unsure = True
        if owner in self.destroyed():
            return None  # even where an old copy of a place came back
        if found is None:
            if unsure:
                raise KeystoreAway(str(self.places[0].base), f"the key of {owner} cannot be read")
            return None
        for place in lost:
            place.put(name, found[1])
        return found[0]

    def _opened(self, data: bytes, owner: str) -> Entry | None:
        try:
            entry = open_entry(data, self.masters.identities())
        except NotOurs:
            return None
        return entry if entry.owner == owner else None

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="seconds")

    @staticmethod
    def _has(place: FolderStore, name: str) -> bool:
        return (place.base / name).is_file()


def _bytes(place: FolderStore, name: str) -> bytes:
    with place.open(name) as stream:
        return stream.read(1 << 20)


def _altered(where: str) -> NotPossible:
    return NotPossible(
        f"Nhật ký hủy khóa đã bị sửa ({where}): so hai nơi giữ khóa trước khi làm gì khác.",
        f"The log of destroyed keys was altered ({where}): compare the places before anything else.",
        name="key-log-altered",
    )
