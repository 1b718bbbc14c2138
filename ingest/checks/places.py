"""How findings point into metadata.xml: the dossier itself, or the n-th document."""

from __future__ import annotations

from preservation.description import METADATA

DOSSIER = METADATA


def document_place(number: int) -> str:
    """`number` counts the documents in the order of the file, from 1.

    >>> document_place(3)
    'data/metadata.xml#3'
    """
    return f"{METADATA}#{number}"
