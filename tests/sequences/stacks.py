"""The embedded default with its second root encrypted: each dossier's key is one more thing to keep, and to destroy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archive_service.kernel.settings import Root
from tests.faults.stacks import Embedded


@dataclass
class Encrypted(Embedded):
    def settings(self, name: str) -> dict[str, Any]:
        place = self.folder / name / "var/storage"
        return {
            "storage": [
                Root(id=root, url=(place / number).as_uri(), failure_domain=number, encrypted=number == "2")
                for number, root in (("1", "kho-chinh"), ("2", "ban-sao"))
            ]
        }
