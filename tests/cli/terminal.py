"""Commands as a person types them, in this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from archive_service.cli import main


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Terminal:
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: object) -> Said:
        self.monkeypatch.setattr(sys, "argv", ["archive", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
            sys.exit(0)
        told = self.capsys.readouterr()
        return Said(int(ended.value.code or 0), told.out, told.err)
