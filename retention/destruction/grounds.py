"""On what ground something may be erased, as data: the name that `preservation.erase` records, and the law's clause."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ground:
    name: str
    clause: str


EXPIRED = Ground("expired", "Luật Lưu trữ 01/2011/QH13, Điều 28; Nghị định 01/2013/NĐ-CP, Điều 11")
"""hết thời hạn bảo quản: needs a list, four people, the council's minutes, the decision and the waiting period."""
