"""Reading small files of a tree; what cannot be read is a finding, not the end of the check."""

from __future__ import annotations

from typing import Final

from archive_service.kernel.objects import ObjectMissing, StoreAway, StoreProblem
from archive_service.kernel.objects.trees import Tree
from preservation.ocfl.findings import show
from preservation.ocfl.spec.json_document import MOST_BYTES

INVENTORY: Final = "inventory.json"


class Unreadable(Exception):
    pass


def read_file(tree: Tree, path: str, most: int = MOST_BYTES) -> bytes | None:
    """All bytes of a file, or its first `most` + 1, which no rule lets pass; None where there is none."""
    blocks = []
    try:
        with tree.open(path) as stream:
            while most >= 0 and (block := stream.read(min(most + 1, 1 << 20))):
                most -= len(block)
                blocks.append(block)
    except (FileNotFoundError, ObjectMissing):
        return None
    except StoreAway:
        raise
    except (StoreProblem, OSError, ValueError) as error:
        raise Unreadable(f"cannot be read: {show(str(error))}") from error
    return b"".join(blocks)
