"""The audit log of the whole story, verified against the heads that lie in the storage roots."""

from __future__ import annotations

from archive_service.demo.stage import Stage
from archive_service.demo.telling import Teller
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.log import LogHead, index_faults, lines_from, verify
from preservation.roots.markers import anchor_log, anchors_outside


class LogBroken(Exception):
    """The log of the demo does not verify: our fault."""


def verify_log(stage: Stage, teller: Teller) -> None:
    """Signs the head into every root, then walks the chain from entry 1. Raises `LogBroken`."""
    teller.act("Nhật ký", "The audit log", "/audit")
    anchor_log(stage.archive)
    anchors = anchors_outside(stage.archive)
    with stage.archive.look(THE_ARCHIVE) as work:
        faults = list(verify(lines_from(work.session), anchors, stage.archive.keys.public))
        faults += index_faults(work.session)
        entries = work.session.get_one(LogHead, 1).number
    if faults:
        raise LogBroken(faults[0])
    teller.result(
        f"{entries} mục, chuỗi nguyên vẹn, khớp {len(anchors)} đầu chuỗi đã ký ở các kho",
        f"{entries} entries, the chain is whole and matches {len(anchors)} signed heads in the roots",
    )
