"""PREMIS 3.0 (`metadata/preservation/PREMIS.xml`): objects, the events of ingest, and who and what did them."""

from __future__ import annotations

from typing import Any

from lxml import etree

from preservation.catalogue import Description

PREMIS = "metadata/preservation/PREMIS.xml"
NS = "http://www.loc.gov/premis/v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

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
    spaces: Any = {None: NS, "xsi": XSI}
    root = etree.Element(_q("premis"), nsmap=spaces, version="3.0")
    dossier = description["dossier"]
    _representation(root, dossier["object_id"], description["files"])
    for each in description["files"]:
        _file(root, each)
    for number, (kind, detail) in enumerate(INGEST_EVENTS, start=1):
        _event(root, f"{dossier['object_id']}/event/{number}", kind, dossier["accepted_at"], detail, dossier)
    for each in description["signatures"]:
        _signature_event(root, each, dossier)
    for number, each in enumerate(description.get("events", ()), start=len(INGEST_EVENTS) + 1):
        key = f"{dossier['object_id']}/event/{number}"
        _event(root, key, each["type"], each["at"], each["detail"], dossier)
    _agent(root, "vn-archive", "Kho lưu trữ tài liệu điện tử", "software")
    accepted_by = str(dossier["submission"].get("accepted_by") or "")
    _agent(root, f"person/{accepted_by}", "", "person")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _q(name: str) -> str:
    return f"{{{NS}}}{name}"


def _add(parent: Any, name: str, text: str | None = None) -> Any:
    child = etree.SubElement(parent, _q(name))
    child.text = text
    return child


def _identifier(parent: Any, kind: str, value: str) -> None:
    box = _add(parent, f"{kind}Identifier")
    _add(box, f"{kind}IdentifierType", "local")
    _add(box, f"{kind}IdentifierValue", value)


def _object(root: Any, kind: str, value: str) -> Any:
    box = _add(root, "object")
    box.set(f"{{{XSI}}}type", kind)
    _identifier(box, "object", value)
    return box


def _representation(root: Any, object_id: str, files: list[dict[str, Any]]) -> None:
    box = _object(root, "representation", object_id)
    for each in files:
        relation = _add(box, "relationship")
        _add(relation, "relationshipType", "structural")
        _add(relation, "relationshipSubType", "has part")
        related = _add(relation, "relatedObjectIdentifier")
        _add(related, "relatedObjectIdentifierType", "local")
        _add(related, "relatedObjectIdentifierValue", each["path"])


def _file(root: Any, given: dict[str, Any]) -> None:
    box = _object(root, "file", given["path"])
    traits = _add(box, "objectCharacteristics")
    for name in ("sha256", "sha512"):
        fixity = _add(traits, "fixity")
        _add(fixity, "messageDigestAlgorithm", name.upper().replace("SHA", "SHA-"))
        _add(fixity, "messageDigest", given[name])
    _add(traits, "size", str(given["size"]))
    form = _add(traits, "format")
    if given["format_name"] or not given["puid"]:
        named = _add(form, "formatDesignation")
        _add(named, "formatName", given["format_name"] or "unknown")
    if given["puid"]:
        registry = _add(form, "formatRegistry")
        _add(registry, "formatRegistryName", "PRONOM")
        _add(registry, "formatRegistryKey", given["puid"])


def _event(root: Any, key: str, kind: str, at: str, detail: str, dossier: dict[str, Any]) -> Any:
    box = _add(root, "event")
    _identifier(box, "event", key)
    _add(box, "eventType", kind)
    _add(box, "eventDateTime", at)
    _add(_add(box, "eventDetailInformation"), "eventDetail", detail)
    return box


def _signature_event(root: Any, given: dict[str, Any], dossier: dict[str, Any]) -> None:
    key = f"{dossier['object_id']}/signature/{given['position']}/{given['path']}"
    detail = f"{given['path']}: {given['signer']}"
    box = _event(root, key, "digital signature validation", dossier["accepted_at"], detail, dossier)
    outcome = _add(box, "eventOutcomeInformation")
    _add(outcome, "eventOutcome", given["first_verdict"])
    if given["reason"] and given["verdict"] == given["first_verdict"]:
        _add(_add(outcome, "eventOutcomeDetail"), "eventOutcomeDetailNote", given["reason"])


def _agent(root: Any, value: str, name: str, kind: str) -> None:
    box = _add(root, "agent")
    _identifier(box, "agent", value)
    if name:
        _add(box, "agentName", name)
    _add(box, "agentType", kind)
