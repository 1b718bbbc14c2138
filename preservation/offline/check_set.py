#!/usr/bin/env python3
"""Checks this set against its manifest: python3 check_set.py [FOLDER]. Needs Python 3.8 or later and nothing else.

Kiểm tra bộ lưu theo bản kê: python3 check_set.py [THƯ MỤC]. Chỉ cần Python 3.8 trở lên.
Exit code / mã thoát: 0 whole / nguyên vẹn, 1 faults / có sai lệch, 2 cannot be checked / không kiểm tra được.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

MANIFEST = "manifest-sha512.txt"
NOT_LISTED = {MANIFEST, MANIFEST + ".sha512", "archive-root.json", "log-tail.jsonl"}


def sha512(path: Path) -> str:
    digest = hashlib.sha512()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def listed(folder: Path) -> dict[str, str]:
    """{path: digest} of the manifest, which is itself checked; raises OSError, ValueError, IndexError."""
    expected = (folder / (MANIFEST + ".sha512")).read_text("utf-8").split()[0]
    if sha512(folder / MANIFEST) != expected:
        raise ValueError("the manifest itself was changed / bản kê đã bị thay đổi")
    found = {}
    with (folder / MANIFEST).open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            digest, _, path = line.rstrip("\n").partition("  ")
            found[path] = digest
    return found


def present(folder: Path) -> Iterator[str]:
    for base, folders, names in os.walk(folder):
        if Path(base) == folder and "deposit" in folders:
            folders.remove("deposit")
        for name in names:
            yield (Path(base) / name).relative_to(folder).as_posix()


def faults(folder: Path, expected: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(kind, path) of what is missing, changed, unreadable or not listed, one by one."""
    for path, digest in expected.items():
        try:
            if sha512(folder / path) != digest:
                yield "changed", path
        except (FileNotFoundError, NotADirectoryError):
            yield "missing", path
        except OSError:
            yield "unreadable", path
    for path in sorted(set(present(folder)) - set(expected) - NOT_LISTED):
        yield "extra", path


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    try:
        expected = listed(folder)
    except FileNotFoundError as error:
        name = Path(error.filename).name
        print(
            f"{folder}: no {name}, so no finished set / không có {name}: không phải bộ lưu đã ghi xong",
            file=sys.stderr,
        )
        return 2
    except (OSError, ValueError, IndexError) as error:
        print(f"{folder}: {error}", file=sys.stderr)
        return 2
    count = 0
    for kind, path in faults(folder, expected):
        count += 1
        print(f"{kind}: {path}")
    if (folder / "encryption.json").is_file():
        print(
            "encrypted: only sealed bytes were compared, see README.txt / mã hóa: mới đối chiếu bản mã, xem DOC-TRUOC.txt"
        )
    print(f"manifest / bản kê: SHA-512 {sha512(folder / MANIFEST)}")
    print(f"{len(expected)} files, {count} faults / {len(expected)} tệp, {count} sai lệch")
    return 1 if count else 0


if __name__ == "__main__":
    # A safe's machine may speak any code page.
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())
