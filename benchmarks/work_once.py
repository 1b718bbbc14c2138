"""A worker for the memory figures: does the jobs that wait once for each line on its standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from archive_service.kernel.settings import Settings
from archive_service.work import Archive
from archive_service.worker import drain


def main(data: str) -> None:
    archive = Archive(Settings(data=Path(data)))
    for _ in sys.stdin:
        drain(archive)
        print("done", flush=True)
    archive.close()


if __name__ == "__main__":
    main(sys.argv[1])
