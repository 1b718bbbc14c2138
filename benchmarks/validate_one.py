"""The peer's part of the ingest benchmark: one PDF's signatures by pyHanko, in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

with Path(sys.argv[1]).open("rb") as stream:
    for signature in PdfFileReader(stream).embedded_signatures:
        validate_pdf_signature(signature, ValidationContext(allow_fetching=False))
