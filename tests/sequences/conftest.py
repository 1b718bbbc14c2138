from __future__ import annotations

from tests.faults.conftest import warm_sandbox

__all__ = ["warm_sandbox"]
