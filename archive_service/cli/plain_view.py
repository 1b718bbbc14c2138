"""`archive storage export`: a plain view of a root."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archive_service.cli.frame import AsJson, both, opened, report
from archive_service.cli.storage import storage as storage
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from preservation.roots.plain_view import export_plain


@storage.command("export")
def export_root(
    root: Annotated[str, typer.Argument(help="The storage root's id.")],
    folder: Annotated[Path, typer.Argument(help="A folder; its `ocfl` becomes a plain OCFL storage root.")],
    as_json: AsJson = False,
) -> None:
    """Write a root, an encrypted one too, as plain OCFL that any tool reads. Exit code 1 when an object cannot be given."""
    with opened() as archive:
        if root not in archive.stores:
            raise NotPossible(f"Không có kho {root}.", f"There is no root {root}.", name="no-such-root")
        found = export_plain(archive.stores[root], folder)
        with archive.work(OPERATOR) as work:
            work.record(Verb.root_exported, None, root=root, objects=found.objects, faults=len(found.faults))
    told = {"objects": found.objects, "faults": found.faults, "ocfl_root": str(found.root)}
    lines = [both(f"{found.objects} đối tượng: {found.root}", f"{found.objects} objects: {found.root}")]
    lines += [
        both("Không ghi ra được ", "Cannot be given: ") + f"{object_id}: {why}"
        for object_id, why in found.faults.items()
    ]
    report(told, lines, as_json=as_json, good=not found.faults)
