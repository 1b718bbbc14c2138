"""Read `metadata.xml`: foreign XML, so no entities, no network, bounded size, depth and number.

`parse_plain` takes bytes and gives plain lists and dictionaries, so that a child process can do it; `from_plain` makes
values of them here.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from archive_service.regulations import load
from preservation.description.model import DocumentDescription, DossierDescription, MetadataUnreadable

NAMESPACE = "urn:vn-archive:dossier:1"
MAX_BYTES = 32 << 20
MAX_DEPTH = 4
MAX_DOCUMENTS = 50_000
_DOSSIER, _DOCUMENT, _FILE = (f"{{{NAMESPACE}}}{name}" for name in ("dossier", "document", "file"))


def parse_metadata(data: bytes) -> DossierDescription:
    """The description in the bytes of a `metadata.xml`. Raises MetadataUnreadable."""
    return from_plain(parse_plain(data))


def parse_plain(data: bytes) -> dict[str, Any]:
    """{"tags": pairs, "documents": [{"tags": pairs, "files": paths}]}, or {"unreadable": why}. Never raises."""
    try:
        return _dossier(_root(data))
    except MetadataUnreadable as fault:
        return {"unreadable": str(fault)}


def from_plain(plain: dict[str, Any]) -> DossierDescription:
    """Values of what `parse_plain` gave, other spellings of a tag read as the law's. Raises MetadataUnreadable."""
    if "unreadable" in plain:
        raise MetadataUnreadable(plain["unreadable"])
    documents = tuple(
        DocumentDescription(_law_tags(each), tuple(each["files"]), _repeated(each))
        for each in plain["documents"]
    )
    return DossierDescription(_law_tags(plain), documents, _repeated(plain))


def _law_tags(plain: dict[str, Any]) -> dict[str, str]:
    """A tag given twice keeps every value, parted as the law parts values: one must not hide the other."""
    spellings, tags = load().tag_spellings, dict[str, str]()
    for tag, value in plain["tags"]:
        name = spellings.get(tag, tag)
        tags[name] = f"{tags[name]}; {value}" if name in tags else value
    return tags


def _repeated(plain: dict[str, Any]) -> tuple[str, ...]:
    spellings = load().tag_spellings
    tags = [spellings.get(tag, tag) for tag, _ in plain["tags"]]
    return tuple(sorted({tag for tag in tags if tags.count(tag) > 1}))


def _root(data: bytes) -> etree._Element:
    if len(data) > MAX_BYTES:
        raise MetadataUnreadable(f"{len(data)} byte > {MAX_BYTES}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MetadataUnreadable(f"UTF-8: byte {error.start}") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        # Entities are how a small file becomes a large one, or reads files of ours.
        raise MetadataUnreadable("DOCTYPE")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise MetadataUnreadable(f"XML: {error.msg}") from None
    if (root.getroottree().docinfo.encoding or "UTF-8").upper() not in ("UTF-8", "US-ASCII"):
        raise MetadataUnreadable("encoding: UTF-8")
    if root.tag != _DOSSIER:
        raise MetadataUnreadable(f"{root.tag} ≠ {_DOSSIER}")
    return root


def _dossier(root: etree._Element) -> dict[str, Any]:
    _limit_depth(root)
    _refuse_hidden(root)
    documents = root.findall(_DOCUMENT)
    if len(documents) > MAX_DOCUMENTS:
        raise MetadataUnreadable(f"{len(documents)} document > {MAX_DOCUMENTS}")
    return {
        "tags": _tags(root),
        "documents": [
            {"tags": _tags(each), "files": [file.get("path", "") for file in each.findall(_FILE)]}
            for each in documents
        ],
    }


def _limit_depth(root: etree._Element) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise MetadataUnreadable(f"depth > {MAX_DEPTH}")


def _refuse_hidden(root: etree._Element) -> None:
    """What stands where nobody reads could declare a secret unseen: text beside elements, documents out of place."""
    for element in root.iter():
        inside = element.getparent()
        beside = element.tail if inside is not None else None
        if (beside or "").strip() or (len(element) and (element.text or "").strip()):
            raise MetadataUnreadable(f"{element.tag}: text beside elements")
        if element.tag == _DOCUMENT and inside is not root:
            raise MetadataUnreadable("document in another element")
        if element.tag == _FILE and (inside is None or inside.tag != _DOCUMENT or _says_more(element)):
            raise MetadataUnreadable("file out of place")


def _says_more(file: etree._Element) -> bool:
    """Whether the link to a file carries anything but its path."""
    others = [name for name, value in file.items() if name != "path" and _is_said(name, value)]
    return bool(len(file) or (file.text or "").strip() or others)


def _tags(element: etree._Element) -> list[tuple[str, str]]:
    """Tags and values in order. A grouping element (FileCode, SignerInfo) gives its children; an empty one nothing."""
    pairs = [(str(name), str(value).strip()) for name, value in element.items() if _is_said(name, value)]
    for child in element:
        if child.tag in (_DOCUMENT, _FILE):
            continue
        value = (child.text or "").strip()
        pairs += _tags(child)
        if value:
            pairs.append((str(child.tag), value))
    return pairs


def _is_said(attribute: str | bytes, value: str | bytes) -> bool:
    """An attribute of no namespace is how another system writes a tag; xml:lang and xsi:… say nothing of the record."""
    return not str(attribute).startswith("{") and bool(value.strip())
