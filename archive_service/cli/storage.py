"""`archive storage`: a new root, a new medium, the offline set, and what each store was seen to do."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from archive_service.cli.frame import AsJson, both, group, language, opened, report, require_path
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.errors import NotPossible
from archive_service.web.fact_words import FACTS, fact_words
from archive_service.web.sentences import Sentences
from preservation.replication.bring import Brought, bring_root
from preservation.replication.media_change import change_medium
from preservation.replication.offline_set import export_set
from preservation.roots.probes import probe_roots

storage = group("storage", "Storage roots.")
EVERY_SECONDS = 2.0
_last = 0.0


def tell(done: int, total: int, left: float) -> None:
    """A line on the error stream every two seconds, and the last one."""
    global _last
    if done < total and time.monotonic() - _last < EVERY_SECONDS:
        return
    _last = time.monotonic()
    minutes, seconds = divmod(round(left), 60)
    line = both(
        f"{done}/{total} bản, còn khoảng {minutes} phút {seconds:02} giây",
        f"{done}/{total} copies, about {minutes} min {seconds:02} s left",
    )
    print(line, file=sys.stderr)


def _lines(found: Brought) -> list[str]:
    lines = [
        both(
            f"Kho {found.root_id}: ghi {found.made} bản; có {found.copies} hồ sơ đã kiểm tra, {found.size} byte.",
            f"Root {found.root_id}: {found.made} copies made; {found.copies} dossiers verified, {found.size} bytes.",
        )
    ]
    return lines + [both(f"Còn nợ {k}: {why}", f"Still owed {k}: {why}") for k, why in found.failed.items()]


@storage.command("add")
def add(
    root: Annotated[str, typer.Argument(help="The id of a root in the settings.")], as_json: AsJson = False
) -> None:
    """Make a configured root and bring every copy to it, each read back. Again: goes on. Exit code 1 while one is owed."""
    with opened() as archive:
        found = bring_root(archive, OPERATOR, root, tell)
        probe_roots(archive)
    report(asdict(found), _lines(found), as_json=as_json, good=found.whole)


@storage.command("copy")
def copy(
    old: Annotated[str, typer.Argument(help="The id of a root in the settings.")],
    new: Annotated[str, typer.Argument(help="The id of a root in the settings.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The minutes (PDF/A), a new file.")],
    as_json: AsJson = False,
) -> None:
    """Change the medium: bring everything to the new root and write the minutes. Exit code 1 while a copy is owed."""
    if out.exists():
        raise NotPossible(f"{out} đã có.", f"{out} is there already.")
    with opened() as archive:
        found, paper = change_medium(archive, OPERATOR, old, new, tell)
    lines = _lines(found)
    if paper is not None:
        out.write_bytes(paper)
        lines.append(str(out))
    told = asdict(found) | {"minutes": str(out) if paper is not None else None}
    report(told, lines, as_json=as_json, good=found.whole)


@storage.command("probe")
def probe(as_json: AsJson = False) -> None:
    """Try what each store really does. Exit code 1 when a root could not be probed."""
    with opened() as archive:
        found = {root: asdict(facts) for root, facts in probe_roots(archive).items()}
        missing = [root.id for root in archive.settings.storage if root.id not in found]
    lines = [line for root, facts in found.items() for line in (f"{root}:", *_fact_lines(facts))]
    lines += [both(f"{root}: không nối được", f"{root}: not there") for root in missing]
    report({"roots": found, "missing": missing}, lines, as_json=as_json, good=not missing)


def _fact_lines(facts: dict[str, object]) -> list[str]:
    t = Sentences(language())
    return [
        "  " + t("storage.fact_good", name=t(f"storage.{name}"), value=fact_words(t, facts, name))
        for name in FACTS
    ]


@storage.command("export-set")
def export(
    folder: Annotated[Path, typer.Argument(help="The folder of an offline root in the settings.")],
    as_json: AsJson = False,
) -> None:
    """Bring an offline set up to date and write what explains and checks it. Exit code 1 while a copy is owed."""
    require_path(folder)
    with opened() as archive:
        found = export_set(archive, OPERATOR, folder, tell)
    noted = both(
        f"SHA-512 của bản kê, ghi vào sổ của két: {found.manifest_sha512}",
        f"SHA-512 of the manifest, for the book of the safe: {found.manifest_sha512}",
    )
    report(asdict(found), [*_lines(found), noted], as_json=as_json, good=found.whole)
