"""Every byte against the sender's manifest (NĐ 01/2013 Điều 7 khoản 2)."""

from __future__ import annotations

from collections.abc import Iterator

from archive_service.kernel.findings import Finding
from ingest.checks import Examination
from preservation.bagit.check import check_bag
from preservation.bagit.read import read_bag


def check_integrity(examination: Examination) -> Iterator[Finding]:
    """BagIt completeness and every digest. Reads the bag, and keeps size, SHA-256 and SHA-512 of every file."""
    bag = examination.bag or read_bag(examination.root)
    examination.bag = bag
    report = check_bag(bag)
    for path, learned in report.learned.items():
        fact = examination.fact(path)
        fact.size = learned.size
        fact.sha256 = learned.digests["sha256"]
        fact.sha512 = learned.digests["sha512"]
    yield from report.findings
