"""An encrypted root says so, in a file at its top for whoever finds it; and it stays what it was begun as."""

from __future__ import annotations

import json

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.objects import ObjectStore
from archive_service.kernel.settings import Root

DECLARATION = "encryption.json"
_TOLD = {
    "contents": "age-encryption.org/v1",
    "names": "AES-SIV, base64url, one segment each, the folder above bound in",
    "keys": "one X25519 identity for each object, in the archive's keystore",
    "vi": "Kho này được mã hóa. Cần kho khóa của kho lưu trữ, hoặc khóa ký gửi trong két, để đọc.",
    "en": "This root is encrypted. To read it the archive's keystore is needed, or the escrowed key in the safe.",
}


def declare_encryption(store: ObjectStore, root: Root) -> None:
    if root.sealed:
        store.put(DECLARATION, (json.dumps(_TOLD, ensure_ascii=False, indent=1) + "\n").encode())


def require_same_encryption(encrypted: bool, root: Root) -> None:
    """`encrypted` as its marker says. Raises `NotPossible` where the setting was changed: half of the root would be
    unreadable or in plain sight."""
    if encrypted != root.sealed:
        setting = f"encrypted = {'true' if root.sealed else 'false'}"
        raise NotPossible(
            f"Kho {root.id}: cài đặt {setting} khác với lúc lập kho. Thêm một kho mới thay vì đổi kho này.",
            f"Root {root.id}: the setting {setting} is not what the root was begun with. "
            "Add a new root instead of changing this one.",
            name="encryption-changed",
        )
