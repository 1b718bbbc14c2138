"""What the safe needs: every entry as it is (the escrow key opens it), the log of destroyed ones, and how to use them."""

from __future__ import annotations

from pathlib import Path

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.keystore.check import check_keys
from archive_service.kernel.keystore.store import MARKER, Keystore
from archive_service.kernel.objects.disk import fsync_tree, write_file

READ_ME = """\
KHÓA CỦA CÁC KHO LƯU ĐÃ MÃ HÓA / KEYS OF ENCRYPTED STORAGE ROOTS

keys/??/*.age   mỗi tệp là khóa của một hồ sơ, mở được bằng khóa ký gửi / one dossier's key each, the escrow key opens it
keystore.json   dấu của kho khóa: thư mục này dùng được ngay làm nơi giữ khóa / makes this folder a place of a keystore
destroyed.jsonl khóa đã hủy / keys that were destroyed: their dossiers were destroyed by law

Cách mở / How to open, with any age program (https://age-encryption.org), ESCROW being the file with the escrow key:

  age -d -i ESCROW keys/3f/3f….age                          JSON: "owner" (hồ sơ), "identity" (AGE-SECRET-KEY-1…)
  age -d -i IDENTITY …/tệp-trong-kho > tệp-rõ               "identity" trong tệp IDENTITY / saved as the file IDENTITY

Tên tệp trong kho / File names in the root: AES-SIV, 64-byte key = HKDF-SHA256(identity's 32 bytes, no salt,
info "vn-archive/names/1"), associated data = the plain path of the folder, base64url without padding.
Với phần mềm của kho / With the archive's software: archive storage export ROOT FOLDER,
  archive storage check-set SET --keys THIS-FOLDER --identity ESCROW
"""


def export_for_safe(keystore: Keystore, folder: Path) -> int:
    """Returns how many keys. Refuses a folder that is not new, and a keystore that is not whole."""
    if folder.exists():
        raise NotPossible(f"{folder} đã có.", f"{folder} is there already.", name="already-there")
    _, faults = check_keys(keystore)
    if faults:
        raise NotPossible(
            f"Kho khóa có lỗi ({faults[0].kind}): chạy `archive keys check` trước.",
            f"The keystore has faults ({faults[0].kind}): run `archive keys check` first.",
            name="keystore-faulty",
        )
    count = 0
    folder.mkdir(parents=True, mode=0o700)
    for name, readers in keystore.entries():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_file(folder / name, readers[0](), sync=False)
        count += 1
    write_file(
        folder / "destroyed.jsonl", b"".join(each.line() + b"\n" for each in keystore.log()), sync=False
    )
    # With it the folder is a place of a keystore as it is: the way back when the machine is lost.
    with keystore.places[0].open(MARKER) as stream:
        write_file(folder / MARKER, stream.read(), sync=False)
    write_file(folder / "DOC-TRUOC.txt", READ_ME.encode(), sync=False)
    fsync_tree(folder)
    return count
