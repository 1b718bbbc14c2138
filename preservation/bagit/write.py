"""Write a bag: BagIt 1.0 (RFC 8493), manifests in SHA-256 and SHA-512, every tag file in the tag manifests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from archive_service.kernel.digests import Digester, chunks
from preservation.bagit.manifests import STRONG, encode_path, is_safe

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def write_bag(out: Path, payload: Mapping[str, Path | bytes], info: Iterable[tuple[str, str]] = ()) -> Path:
    """Write a bag into the new folder `out` and return it.

    `payload` maps paths from the bag's root ("data/…") to a file to copy or to the bytes themselves; `info` are the
    labels and values of bag-info.txt, to which Payload-Oxum is added. Raises ValueError for a path outside data/
    and FileExistsError when `out` is there.
    """
    for path in payload:
        if not path.startswith("data/") or not is_safe(path):
            raise ValueError(f"not a payload path: {path!r}")
    out.mkdir(parents=True)
    (out / "data").mkdir()
    written = {path: _copy(payload[path], out / path) for path in sorted(payload)}
    octets = sum(each.size for each in written.values())
    tags = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": _info([*info, ("Payload-Oxum", f"{octets}.{len(written)}")]),
        **{f"manifest-{name}.txt": _manifest(written, name) for name in STRONG},
    }
    digested = {name: _copy(content, out / name) for name, content in tags.items()}
    for name in STRONG:
        (out / f"tagmanifest-{name}.txt").write_bytes(_manifest(digested, name))
    return out


def _copy(source: Path | bytes, target: Path) -> Digester:
    target.parent.mkdir(parents=True, exist_ok=True)
    digester = Digester(*STRONG)
    with target.open("xb") as out:
        if isinstance(source, bytes):
            digester.update(source)
            out.write(source)
            return digester
        with source.open("rb") as stream:
            for block in chunks(stream):
                digester.update(block)
                out.write(block)
    return digester


def _manifest(files: Mapping[str, Digester], algorithm: str) -> bytes:
    lines = (f"{each.hex(algorithm)}  {encode_path(path)}\n" for path, each in sorted(files.items()))
    return "".join(lines).encode()


def _info(pairs: Iterable[tuple[str, str]]) -> bytes:
    # A line break inside a value would begin another label.
    return "".join(f"{label}: {' '.join(value.split())}\n" for label, value in pairs).encode()
