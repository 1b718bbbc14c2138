"""The settings of the keystore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pyrage import RecipientError, x25519


def _recipient(value: str) -> str:
    try:
        x25519.Recipient.from_str(value)
    except RecipientError:
        raise ValueError("expected age1…, as `archive keys escrow new` prints it") from None
    return value


class KeystoreSettings(BaseModel):
    """Where the dossiers' keys lie, and who besides the archive can open them."""

    model_config = ConfigDict(extra="forbid")
    places: list[Path] = []
    escrow: list[Annotated[str, AfterValidator(_recipient)]] = []

    def filled(self, data: Path) -> KeystoreSettings:
        """Raises `ValueError` for places that are no two."""
        places = [each.absolute() for each in self.places] or [data / "keystore/1", data / "keystore/2"]
        apart = not any(a == b or a in b.parents for a in places for b in places if a is not b)
        if len(places) < 2 or not apart:
            raise ValueError("keystore.places: expected at least two folders, apart from each other")
        return KeystoreSettings(places=places, escrow=self.escrow)
