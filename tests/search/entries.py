"""Index entries that are valid by default; a test says only what it is about."""

from __future__ import annotations

from typing import Any

from search.index import MODES, AccessFilter, Clause, IndexEntry

EVERYTHING = AccessFilter((Clause(frozenset(MODES)),))
PUBLIC = AccessFilter((Clause(frozenset({"public"})),))


def entry(entry_id: str, **changed: Any) -> IndexEntry:
    fields: dict[str, Any] = {
        "dossier_id": f"h-{entry_id}",
        "kind": "document",
        "revision": 1,
        "unit_id": "unit-1",
        "fonds_id": "fonds-1",
        "access": "public",
    }
    return IndexEntry(id=entry_id, **{**fields, **changed})


DECISION = entry(
    "d1",
    dossier_code="000.00.12.H43.2016.31.TTr",
    title="Quyết định về việc thanh tra chuyên ngành",
    abstract="Thành lập đoàn thanh tra tại xã Hoà Bình",
    numbers=("15/QĐ-UBND",),
    agency="Ủy ban nhân dân tỉnh Tân Hòa",
    signer="Nguyễn Thị Đào",
    place="Tân Hòa",
    place_held="Kho B, giá 07",
    type_name="Quyết định",
    date_from="2016-07-14",
    date_to="2016-07-14",
    year=2016,
    text="Căn cứ Luật Thanh tra số 56/2010/QH12.\fĐiều 1. Kiểm tra đường Nguyễn Huệ từ ngày 20/8/2016.",
)
