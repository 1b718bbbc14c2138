"""One dossier's key as the keystore keeps it: JSON in an age file for the master key and the holders of the escrow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pyrage
from pyrage import x25519

from archive_service.kernel.objects.age import DossierKey

FOLDER = "keys"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_CHECKSUM = 6


class NotOurs(Exception):
    """No master key that we hold opens this, or what it holds is not what it should be."""


@dataclass(frozen=True, slots=True)
class Entry:
    owner: str
    identity: str
    """`AGE-SECRET-KEY-1…`: opens every file of the dossier with any age program."""
    made_at: str
    sealed_for: tuple[str, ...]
    """The recipients (`age1…`) that can open this entry: the master key first, then the escrow."""

    def __repr__(self) -> str:
        return f"Entry({self.owner})"

    def key(self) -> DossierKey:
        return DossierKey(secret_of(self.identity))


def entry_name(owner: str) -> str:
    digest = hashlib.sha256(owner.encode()).hexdigest()
    return f"{FOLDER}/{digest[:2]}/{digest}.age"


def seal_entry(entry: Entry) -> bytes:
    recipients = [x25519.Recipient.from_str(each) for each in entry.sealed_for]
    return bytes(pyrage.encrypt(json.dumps(asdict(entry)).encode(), recipients))


def open_entry(data: bytes, identities: Sequence[x25519.Identity]) -> Entry:
    """Raises `NotOurs`."""
    try:
        found = json.loads(pyrage.decrypt(data, list(identities)))
        entry = Entry(**{**found, "sealed_for": tuple(found["sealed_for"])})
        entry.key()
    except (pyrage.DecryptError, pyrage.IdentityError, ValueError, TypeError, KeyError) as error:
        raise NotOurs(type(error).__name__) from None
    return entry


def secret_of(identity: str) -> bytes:
    """The 32 bytes of an age identity; raises `pyrage.IdentityError`.

    >>> secret_of(str(x25519.Identity.generate())).__len__()
    32
    """
    x25519.Identity.from_str(identity)  # its checksum
    values = [_BECH32.index(each) for each in identity.lower().rpartition("1")[2][:-_CHECKSUM]]
    bits = "".join(f"{value:05b}" for value in values)
    return bytes(int(bits[n : n + 8], 2) for n in range(0, 256, 8))
