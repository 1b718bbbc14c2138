"""A terminal in an empty folder, with no setting but the data folder there."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive_service.cli.frame import chosen
from tests.cli.terminal import Terminal


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARCHIVE_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("INIT_ADMINISTRATOR_PASSWORD", "Mat-khau-1")
    monkeypatch.delenv("INIT_HEAD_PASSWORD", raising=False)
    chosen.set("")
    return Terminal(monkeypatch, capsys)
