"""One dossier, its metadata.xml, and every document tied to its files both ways (NĐ 01/2013 Điều 7 khoản 3)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath

from archive_service.kernel.findings import Finding
from archive_service.kernel.sandbox import SandboxFailure
from ingest.checks import Examination
from preservation.bagit.check import same_but_for_form
from preservation.bagit.read import read_bag
from preservation.description import METADATA, DossierDescription, MetadataUnreadable, from_plain
from preservation.description.accessors import dossier_code, file_name, ordinal
from preservation.description.parse import MAX_BYTES

MOST_GAPS = 10
PARSE = "preservation.description.parse:parse_plain"


def check_structure(examination: Examination) -> Iterator[Finding]:
    """Reads the description (in the sandbox) when nobody has yet, and leaves it in the examination."""
    bag = examination.bag or read_bag(examination.root)
    examination.bag = bag
    if examination.description is None:
        if METADATA not in bag.payload:
            yield Finding("metadata-missing", METADATA)
            return
        try:
            examination.description = _describe(examination)
        except MetadataUnreadable as fault:
            yield Finding("metadata-unreadable", METADATA, str(fault))
            return
    yield from structure_faults(examination.description, bag.payload)
    for path in bag.payload:
        if (examination.root / path).stat().st_size == 0:
            yield Finding("file-empty", path)


def _describe(examination: Examination) -> DossierDescription:
    path = examination.root / METADATA
    if path.stat().st_size > MAX_BYTES:
        raise MetadataUnreadable(f"{path.stat().st_size} byte > {MAX_BYTES}")
    try:
        plain = examination.circumstances.sandbox.run(PARSE, path.read_bytes())
    except SandboxFailure as failure:
        raise MetadataUnreadable(str(failure)) from failure
    return from_plain(plain)


def structure_faults(description: DossierDescription, payload: tuple[str, ...]) -> Iterator[Finding]:
    """The links and ordinals of a description against the paths that are there."""
    if not description.documents:
        yield Finding("dossier-empty", METADATA)
    yield from _link_faults(description, set(payload))
    yield from _ordinal_faults(description)
    yield from _name_faults(description)


def _link_faults(description: DossierDescription, present: set[str]) -> Iterator[Finding]:
    named_by: dict[str, list[str]] = defaultdict(list)
    written = {path for each in description.documents for path in each.files}
    same = same_but_for_form(written - present, present - written)
    for number, document in enumerate(description.documents, start=1):
        label = document.tags.get("DocOrdinal", str(number))
        if not document.files:
            yield Finding("document-without-file", METADATA, "", label)
        for path in document.files:
            named_by[path].append(label)
            if path in same:
                yield Finding("file-name-form", same[path], "metadata.xml")
            elif path not in present or path == METADATA:
                yield Finding("document-file-missing", path, "", label)
    for path, labels in named_by.items():
        if len(labels) > 1:
            yield Finding("file-of-several-documents", path, ", ".join(labels))
    for path in sorted(present - set(named_by) - set(same.values()) - {METADATA}):
        yield Finding("file-without-document", path)


def _ordinal_faults(description: DossierDescription) -> Iterator[Finding]:
    found = [number for each in description.documents if (number := ordinal(each)) is not None]
    for number, times in sorted(Counter(found).items()):
        if times > 1:
            yield Finding("document-ordinal-repeated", METADATA, str(number))
    if len(found) == len(description.documents) and (gaps := list(islice(_gaps(found), MOST_GAPS + 1))):
        shown = ", ".join(gaps[:MOST_GAPS]) + (", …" if len(gaps) > MOST_GAPS else "")
        yield Finding("document-ordinal-gap", METADATA, shown)


def _gaps(ordinals: Iterable[int]) -> Iterator[str]:
    """What is missing from 1 to the highest, as spans: an ordinal of billions makes no list of billions.

    >>> list(_gaps([7, 2, 3, 4]))
    ['1', '5-6']
    """
    last = 0
    for number in sorted(set(ordinals)):
        if number > last + 1:
            yield str(last + 1) if number == last + 2 else f"{last + 1}-{number - 1}"
        last = max(last, number)


def _name_faults(description: DossierDescription) -> Iterator[Finding]:
    """Only the original bears the name that the law gives; attachments are the sender's own."""
    code = dossier_code(description).code
    for document in description.documents:
        number = ordinal(document)
        if not (code and number and document.files):
            continue
        path = PurePosixPath(document.files[0])
        if not _is_named(path, code, number):
            yield Finding("file-name-rule", document.files[0], "", file_name(code, number) + path.suffix)


def _is_named(path: PurePosixPath, code: str, number: int) -> bool:
    """The ordinal may be padded as each system likes: ".7", ".007" and ".0007" are one number."""
    head, dot, tail = path.name.removesuffix(path.suffix).rpartition(".")
    return (
        bool(dot)
        and head == code.replace("/", "-")
        and tail.isascii()
        and tail.isdigit()
        and int(tail) == number
    )
