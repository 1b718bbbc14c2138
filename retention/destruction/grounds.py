"""On what ground something may be erased: the name that `preservation.aips.erase` records. Its clause is data, by date."""

EXPIRED = "expired"
"""hết thời hạn bảo quản: needs a list, four people, the council's minutes, the decision and the waiting period."""
