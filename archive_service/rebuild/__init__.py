"""Promise 5: catalogue and index made again from the storage roots alone."""

from archive_service.rebuild.report import RebuildReport
from archive_service.rebuild.run import rebuild

__all__ = ["RebuildReport", "rebuild"]
