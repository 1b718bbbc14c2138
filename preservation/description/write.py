"""Write `metadata.xml` as `dossier-1.xsd` wants it: the law's tags in the order of the annex, then the documents."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from lxml import etree

from archive_service.regulations import load
from preservation.description.parse import NAMESPACE

if TYPE_CHECKING:
    from archive_service.regulations.rules import Level
    from preservation.description.model import DossierDescription

SCHEMA = "dossier-1.xsd"
PROFILE = "bagit-profile-1.json"


def write_metadata(description: DossierDescription) -> bytes:
    """UTF-8 XML. Raises ValueError for a value with control characters, which XML cannot hold."""
    root = etree.Element(f"{{{NAMESPACE}}}dossier", nsmap={"v": NAMESPACE})
    _add_tags(root, description.tags, "dossier")
    for document in description.documents:
        element = etree.SubElement(root, f"{{{NAMESPACE}}}document")
        _add_tags(element, document.tags, "document")
        for path in document.files:
            etree.SubElement(element, f"{{{NAMESPACE}}}file", path=path)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _add_tags(element: etree._Element, tags: dict[str, str], level: Level) -> None:
    rules = load()
    order = [each.tag for each in (*rules.fields(level), *rules.supplements[level])]
    places = {tag: number for number, tag in reversed(list(enumerate(order)))}
    for tag in sorted(tags, key=lambda each: places.get(each, len(order))):
        etree.SubElement(element, tag).text = tags[tag]


def published(name: str) -> bytes:
    """The bytes of a published file that ships with the package: `SCHEMA` or `PROFILE`."""
    return resources.files("preservation.description").joinpath(name).read_bytes()
