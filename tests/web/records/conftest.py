"""The archive of these tests is copied from one that was made once, as those of retention do."""

from __future__ import annotations

from tests.retention.conftest import built_house, hands, house

__all__ = ["built_house", "hands", "house"]
