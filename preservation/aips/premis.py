"""PREMIS 3.0 (`metadata/preservation/PREMIS.xml`): objects, the events of ingest, and who and what did them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from preservation.aips.catalogue import Description

PREMIS = "metadata/preservation/PREMIS.xml"
NS = "http://www.loc.gov/premis/v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

Node = tuple[str, "str | Iterable[Node] | None"]
"""Name and content. Written as they come: a tree of all files would grow with the package."""

#: PREMIS event types (id.loc.gov/vocabulary/preservation/eventType) of what every ingest does.
INGEST_EVENTS = (
    ("message digest calculation", "SHA-256 and SHA-512 of every file, compared with the sender's manifests"),
    ("format identification", "PRONOM identifiers by signature and container"),
    ("virus check", "clamd, where one is configured; otherwise recorded as not scanned"),
    ("digital signature validation", "PDF signatures against the configured trust store"),
    ("accession", "accepted by an officer"),
)


def premis_of(description: Description) -> bytes:
    """The document, the same bytes for the same description."""
    out = io.BytesIO()
    spaces: Any = {None: NS, "xsi": XSI}
    with etree.xmlfile(out, encoding="UTF-8") as document:
        document.write_declaration()
        with document.element(_q("premis"), nsmap=spaces, version="3.0"):
            for each in _parts(description):
                _write(document, each, 1)
            document.write("\n")
    return out.getvalue()


def _write(document: Any, node: Node, depth: int) -> None:
    name, content = node
    # An object's own type is its first word: "object file".
    name, _, kind = name.partition(" ")
    document.write("\n" + "  " * depth)
    with document.element(_q(name), {f"{{{XSI}}}type": kind} if kind else {}):
        if isinstance(content, str):
            document.write(content)
        elif content is not None:
            for each in content:
                _write(document, each, depth + 1)
            document.write("\n" + "  " * depth)


def _q(name: str) -> str:
    return f"{{{NS}}}{name}"


def _parts(description: Description) -> Iterator[Node]:
    """Objects, events and agents, in the order of the schema."""
    dossier = description["dossier"]
    at, subject = dossier["accepted_at"], dossier["object_id"]
    yield _representation(subject, description["files"])
    yield from (_file(each) for each in description["files"])
    for number, (kind, detail) in enumerate(INGEST_EVENTS, start=1):
        yield _event(f"{subject}/event/{number}", kind, at, detail)
    yield from (_signature_event(subject, at, each) for each in description["signatures"])
    for number, each in enumerate(description.get("events", ()), start=len(INGEST_EVENTS) + 1):
        yield _event(f"{subject}/event/{number}", each["type"], each["at"], each["detail"])
    yield _agent("vn-archive", "Kho lưu trữ tài liệu điện tử", "software")
    yield _agent(f"person/{dossier['submission'].get('accepted_by') or ''}", "", "person")


def _identifier(kind: str, value: str) -> Node:
    inner = [(f"{kind}IdentifierType", "local"), (f"{kind}IdentifierValue", value)]
    return f"{kind}Identifier", inner


def _representation(object_id: str, files: list[dict[str, Any]]) -> Node:
    def content() -> Iterator[Node]:
        yield _identifier("object", object_id)
        for each in files:
            related = ("relatedObjectIdentifierType", "local"), ("relatedObjectIdentifierValue", each["path"])
            inner = [("relationshipType", "structural"), ("relationshipSubType", "has part")]
            yield "relationship", [*inner, ("relatedObjectIdentifier", related)]

    return "object representation", content()


def _file(given: dict[str, Any]) -> Node:
    traits: list[Node] = [
        (
            "fixity",
            [
                ("messageDigestAlgorithm", name.upper().replace("SHA", "SHA-")),
                ("messageDigest", given[name]),
            ],
        )
        for name in ("sha256", "sha512")
    ]
    traits += [("size", str(given["size"])), ("format", _format(given))]
    return "object file", [_identifier("object", given["path"]), ("objectCharacteristics", traits)]


def _format(given: dict[str, Any]) -> Iterator[Node]:
    if given["format_name"] or not given["puid"]:
        yield "formatDesignation", [("formatName", given["format_name"] or "unknown")]
    if given["puid"]:
        key = ("formatRegistryName", "PRONOM"), ("formatRegistryKey", given["puid"])
        yield "formatRegistry", key


def _event(key: str, kind: str, at: str, detail: str, *more: Node) -> Node:
    told: list[Node] = [("eventType", kind), ("eventDateTime", at)]
    return "event", [
        _identifier("event", key),
        *told,
        ("eventDetailInformation", [("eventDetail", detail)]),
        *more,
    ]


def _signature_event(object_id: str, at: str, given: dict[str, Any]) -> Node:
    outcome: list[Node] = [("eventOutcome", given["first_verdict"])]
    if given["reason"] and given["verdict"] == given["first_verdict"]:
        outcome.append(("eventOutcomeDetail", [("eventOutcomeDetailNote", given["reason"])]))
    return _event(
        f"{object_id}/signature/{given['position']}/{given['path']}",
        "digital signature validation",
        at,
        f"{given['path']}: {given['signer']}",
        ("eventOutcomeInformation", outcome),
    )


def _agent(value: str, name: str, kind: str) -> Node:
    named: list[Node] = [("agentName", name)] if name else []
    return "agent", [_identifier("agent", value), *named, ("agentType", kind)]
