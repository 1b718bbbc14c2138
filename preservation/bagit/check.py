"""Judge a bag: complete, valid, and nothing undeclared. Each file is read once, all its digests in that one pass."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from archive_service.kernel.digests import digest_file
from archive_service.kernel.findings import Finding
from preservation.bagit.manifests import STRONG
from preservation.bagit.read import Bag, read_bag


@dataclass(frozen=True, slots=True)
class Learned:
    """What one reading of a file told: its size and its digests in lower-case hex, SHA-256 and SHA-512 always."""

    size: int
    digests: dict[str, str]


@dataclass(frozen=True, slots=True)
class BagReport:
    """The findings, and what was learned of every file, by path from the bag's root."""

    findings: list[Finding]
    learned: dict[str, Learned]


def check_bag(bag: Bag | Path) -> BagReport:
    """Every fault of the bag at once: tag files, manifests, completeness, Payload-Oxum, every digest.

    What a digest cannot tell (formats, meaning, signatures) is not checked here.
    """
    bag = read_bag(bag) if isinstance(bag, Path) else bag
    learned = _learn(bag)
    findings = [
        *bag.faults,
        *_layout(bag),
        *_completeness(bag, learned),
        *_digests(bag, learned),
        *_oxum(bag, learned),
    ]
    return BagReport(findings, learned)


def _learn(bag: Bag) -> dict[str, Learned]:
    paths = [*bag.payload, *bag.tag_files]

    def read(path: str) -> Learned:
        digester = digest_file(bag.root / path, *STRONG, *bag.declared(path))
        return Learned(digester.size, digester.all())

    # hashlib lets other threads run while it digests: one thread a core keeps all of them busy.
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return dict(zip(paths, pool.map(read, paths), strict=True))


def _layout(bag: Bag) -> Iterator[Finding]:
    if not (bag.root / "data").is_dir():
        yield Finding("bag-payload-missing", "data/")
    if (bag.root / "fetch.txt").exists():
        yield Finding("bag-fetch", "fetch.txt")
    if not bag.manifests:
        yield Finding("bag-manifest-missing", "manifest-sha256.txt")
    elif not set(bag.manifests) & set(STRONG):
        yield Finding("bag-manifest-weak", "", ", ".join(sorted(bag.manifests)), " / ".join(STRONG))
    if not bag.tag_manifests:
        yield Finding("bag-tag-manifest-missing", "tagmanifest-sha256.txt")


def _completeness(bag: Bag, learned: dict[str, Learned]) -> Iterator[Finding]:
    listed = {path for table in bag.manifests.values() for path in table}
    tags = {path for table in bag.tag_manifests.values() for path in table}
    # Without any manifest one finding says so; a line for each of a thousand files would hide it.
    missing, undeclared = (
        (listed | tags) - set(learned),
        set(bag.payload) - listed if bag.manifests else set(),
    )
    for written, there in sorted(same_but_for_form(missing, undeclared).items()):
        missing.discard(written)
        undeclared.discard(there)
        yield Finding("file-name-form", there, "manifest")
    for path in sorted(missing):
        yield Finding("bag-file-missing", path)
    for path in sorted(undeclared):
        yield Finding("bag-file-undeclared", path)
    if bag.version == "1.0":  # RFC 8493, 3: every payload manifest lists every payload file
        for algorithm, table in sorted(bag.manifests.items()):
            for path in sorted(listed - set(table)):
                yield Finding("bag-manifest-incomplete", path, f"manifest-{algorithm}.txt")
    else:
        # Before 1.0 manifests could share the files out: then one under md5 alone has no digest that we trust.
        strong = {path for name in STRONG for path in bag.manifests.get(name, {})}
        if strong:
            for path in sorted(listed - strong):
                yield Finding(
                    "bag-manifest-weak", path, ", ".join(sorted(bag.declared(path))), " / ".join(STRONG)
                )


def same_but_for_form(written: Iterable[str], there: Iterable[str]) -> dict[str, str]:
    """Names that look the same and are not: letters and their marks in one sign or in several (macOS takes them apart).

    >>> ascii(same_but_for_form({"\\u00e9.pdf", "b.pdf"}, {"e\\u0301.pdf"}))
    "{'\\\\xe9.pdf': 'e\\\\u0301.pdf'}"
    """
    composed = {unicodedata.normalize("NFC", path): path for path in there}
    pairs = ((path, composed.get(unicodedata.normalize("NFC", path))) for path in written)
    return {path: other for path, other in pairs if other is not None}


def _digests(bag: Bag, learned: dict[str, Learned]) -> Iterator[Finding]:
    for path, facts in learned.items():
        for algorithm, expected in sorted(bag.declared(path).items()):
            if facts.digests[algorithm] != expected:
                got = f"{algorithm} {facts.digests[algorithm]}"
                yield Finding("bag-digest-mismatch", path, got, expected)


def _oxum(bag: Bag, learned: dict[str, Learned]) -> Iterator[Finding]:
    octets, streams = sum(learned[path].size for path in bag.payload), len(bag.payload)
    if bag.oxum is not None and bag.oxum != (octets, streams):
        declared = f"{bag.oxum[0]}.{bag.oxum[1]}"
        yield Finding("bag-oxum", "bag-info.txt", f"{octets}.{streams}", declared)
