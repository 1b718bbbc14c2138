"""The description of a dossier: the law's tags, and the link from each document to its files."""

from preservation.description.model import (
    METADATA,
    DocumentDescription,
    DossierCode,
    DossierDescription,
    LawDate,
    MetadataUnreadable,
)
from preservation.description.parse import from_plain, parse_metadata, parse_plain
from preservation.description.write import write_metadata

__all__ = [
    "METADATA",
    "DocumentDescription",
    "DossierCode",
    "DossierDescription",
    "LawDate",
    "MetadataUnreadable",
    "from_plain",
    "parse_metadata",
    "parse_plain",
    "write_metadata",
]
