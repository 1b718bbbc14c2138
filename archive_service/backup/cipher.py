"""Sealing to public keys with age: the archive can write its backups and cannot read them.

The format (age-encryption.org/v1) is authenticated in blocks of 64 KiB and says where it ends, so that a changed, a
missing and a cut-off block are found, and memory stays flat. Any `age` command opens it without this software.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import pyrage
from pyrage import x25519

from archive_service.kernel.digests import digest_stream
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.objects import ObjectMissing, ObjectStore

SECRET = "AGE-SECRET-KEY-"  # noqa: S105 (how the text of such a key begins)


@dataclass(frozen=True, slots=True)
class Part:
    """One sealed file of a set: its name there, and the size and SHA-256 of the sealed bytes."""

    name: str
    size: int
    sha256: str


class PartDamaged(NotPossible):
    """The sealed bytes are not those that were written: told with the set, the part and both digests."""

    name = "backup-damaged"

    def __init__(self, told: str) -> None:
        super().__init__(f"Bản sao lưu bị hỏng: {told}", f"The backup is damaged: {told}")
        self.told = told

    def __str__(self) -> str:
        return self.told


class WrongKey(NotPossible):
    name = "wrong-key"

    def __init__(self) -> None:
        super().__init__(
            "Khóa này không mở được bản sao lưu. Đề nghị dùng khóa giữ trong két ứng với backup_recipients lúc sao lưu.",
            "This key does not open the backup. Use the escrowed key of the backup_recipients of that day.",
        )


class Writable(Protocol):
    def write(self, data: bytes, /) -> Any: ...


class _Out:
    """Counts and digests what passes; remembers its own fault, which pyrage tells as a text only."""

    def __init__(self, stream: Writable) -> None:
        self.stream, self.size, self.digest = stream, 0, hashlib.sha256()
        self.fault: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            self.stream.write(data)
        except OSError as error:
            self.fault = error
            raise
        self.size += len(data)
        self.digest.update(data)
        return len(data)

    def flush(self) -> None:
        pass


class _In:
    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.size, self.digest = stream, 0, hashlib.sha256()
        self.fault: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            data = self.stream.read(size)
        except Exception as error:
            self.fault = error
            raise
        self.size += len(data)
        self.digest.update(data)
        return data


def recipients_of(texts: Sequence[str]) -> list[Any]:
    """Raises `NotPossible` for one that is no public key."""
    try:
        return [x25519.Recipient.from_str(text) for text in texts]
    except pyrage.RecipientError as error:
        raise NotPossible(
            "backup_recipients: cần khóa công khai age1…, tạo bằng `archive backup key`.",
            "backup_recipients: expected public keys age1…, made by `archive backup key`.",
            name="wrong-setting",
        ) from error


def make_key(path: Path, note: str) -> str:
    """Writes a new secret key to a new file that only its owner reads; returns the public key."""
    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(f"# {note}\n# public key: {public}\n{identity}\n")
        stream.flush()
        os.fsync(stream.fileno())
    return public


def read_identities(path: Path) -> list[Any]:
    """Every secret key in the file. Raises `NotPossible` when there is none."""
    if not path.is_file():
        raise NotPossible(f"Không có tệp {path}.", f"There is no file {path}.", name="no-such-file")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    try:
        found = [x25519.Identity.from_str(line.strip()) for line in lines if line.startswith(SECRET)]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise NotPossible(
            f"{path}: không có khóa bí mật AGE-SECRET-KEY-….",
            f"{path}: expected a file with a secret key AGE-SECRET-KEY-….",
            name="no-key",
        )
    return found


def seal(source: BinaryIO, target: Path, recipients: Sequence[Any]) -> Part:
    """Encrypts all of `source` into the file `target`. Raises what source or disk raise."""
    with target.open("wb") as stream:
        came, out = _In(source), _Out(stream)
        try:
            pyrage.encrypt_io(came, out, list(recipients))
        except (pyrage.EncryptError, OSError) as error:
            raise out.fault or came.fault or error from error
        stream.flush()
        os.fsync(stream.fileno())
    return Part(target.name, out.size, out.digest.hexdigest())


def unseal(store: ObjectStore, key: str, part: Part, identities: Sequence[Any], target: Writable) -> None:
    """Decrypts a part into `target`, its digest compared. Raises `WrongKey`, `PartDamaged`, `StoreAway`, and `OSError`
    of the target. What was written to the target before that is worth nothing."""
    out = _Out(target)
    try:
        with store.open(key, fresh=True) as stream:
            came = _In(stream)
            pyrage.decrypt_io(came, out, list(identities))
            while came.read(1 << 20):
                pass
    except ObjectMissing as error:
        raise PartDamaged(f"{key}: missing") from error
    except (pyrage.DecryptError, OSError) as error:
        if out.fault is not None:
            raise out.fault from error
        check_part(store, key, part)
        raise WrongKey from error
    if (came.size, came.digest.hexdigest()) != (part.size, part.sha256):
        raise PartDamaged(f"{key}: sha256 {came.digest.hexdigest()}, expected {part.sha256}")


def check_part(store: ObjectStore, key: str, part: Part) -> None:
    """Compares the sealed bytes with their digest, without any key. Raises `PartDamaged`."""
    try:
        with store.open(key, fresh=True) as stream:
            found = digest_stream(stream, "sha256")
    except ObjectMissing as error:
        raise PartDamaged(f"{key}: missing") from error
    if (found.size, found.hex("sha256")) != (part.size, part.sha256):
        raise PartDamaged(f"{key}: sha256 {found.hex('sha256')}, expected {part.sha256}")
