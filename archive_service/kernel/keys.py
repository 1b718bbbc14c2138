"""The archive's own keys, made by `archive init` and kept in `data/keys`, outside the database and the storage roots."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from archive_service.kernel.errors import NotPossible


@dataclass(frozen=True, slots=True)
class Keys:
    log: Ed25519PrivateKey
    """Signs the heads of the audit log, receipts and certificates."""
    secret: bytes
    """Binds cursors and one-time form tokens to a person; replaced freely, it protects nothing stored."""

    @property
    def public(self) -> Ed25519PublicKey:
        return self.log.public_key()

    def public_pem(self) -> str:
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def make_keys(folder: Path) -> Keys:
    """Makes the keys that are not there yet; never replaces one: old anchors could not be verified any more."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / "log.pem").exists():
        key = Ed25519PrivateKey.generate()
        _write(folder / "log.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    if not (folder / "secret").exists():
        _write(folder / "secret", secrets.token_bytes(32))
    return read_keys(folder)


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        os.fsync(stream.fileno())


def read_keys(folder: Path) -> Keys:
    try:
        log = load_pem_private_key((folder / "log.pem").read_bytes(), password=None)
        secret = (folder / "secret").read_bytes()
    except FileNotFoundError as error:
        raise NotPossible(
            "Kho chưa được khởi tạo. Đề nghị chạy `archive init`.",
            "The archive is not set up yet. Run `archive init`.",
            name="not-initialised",
        ) from error
    if not isinstance(log, Ed25519PrivateKey):
        raise NotPossible(
            "Khóa ký nhật ký sai loại.", "keys/log.pem: expected an Ed25519 key.", name="wrong-setting"
        )
    return Keys(log, secret)
