"""`archive invariants`: catalogue, storage, index, ledger and log held against each other."""

from archive_service.invariants.run import Report, check_invariants, invariants_run

__all__ = ["Report", "check_invariants", "invariants_run"]
