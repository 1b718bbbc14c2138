"""One dossier's whole life, on the embedded default and on the real services, with outside judges at its end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import bagit
import pytest
from sqlalchemy import select

from archive_service.demo.damaging import flip_bit
from archive_service.demo.dossiers import DemoPackage
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.db import open_engine
from archive_service.kernel.errors import Missing
from archive_service.kernel.log import lines_from, verify
from archive_service.rebuild import rebuild
from archive_service.rebuild.compare import compare
from archive_service.rebuild.snapshots import keep_system_objects
from preservation.audits.fixity import fixity_run
from preservation.audits.restore import restore_copy
from preservation.models import CopyState, Dossier, DossierState, FileObject
from preservation.ocfl.store import object_ids
from preservation.reading.dips import export_dossier
from preservation.reading.read import open_file, page_image
from preservation.roots.markers import anchor_log, anchors_outside
from preservation.watch_models import Incident
from retention.destruction.papers import read_paper
from retention.models import ListState
from tests.journeys.acts import (
    AUDITOR,
    OFFICER,
    READER,
    UNIT_READER,
    accept,
    copies,
    decided,
    dossiers,
    execute,
    found,
    ocfl_tree,
    search,
    sip_states,
    submit,
)
from tests.journeys.stacks import Stack
from tests.judges.java import Verdict

PUBLIC, RESTRICTED, CLOSED = "08.VHTT", "05.TCCB", "04.NV1"
Judge = Callable[..., Verdict]


def test_a_dossier_lives_its_whole_life(
    stack: Stack,
    packages: list[DemoPackage],
    tmp_path: Path,
    ocfl_java: Judge,
    bagit_java: Judge,
    verapdf: Callable[[Sequence[Path], str], Verdict],
) -> None:
    comes_in(stack, packages)
    is_stored_twice(stack)
    is_found_by_whom_it_concerns(stack)
    is_read(stack)
    leaves_as_a_bag(stack, tmp_path, bagit_java)
    is_audited_and_mended(stack)
    is_destroyed_by_four(stack, tmp_path, verapdf)
    stays_in_the_log(stack)
    satisfies_ocfl_java(stack, tmp_path, ocfl_java)
    is_rebuilt_from_storage(stack)


def comes_in(stack: Stack, packages: list[DemoPackage]) -> None:
    assert submit(stack, [*packages, packages[0]]) == [202, 202, 202, 200]
    assert sip_states(stack) == ["awaiting_decision"] * 3


def is_stored_twice(stack: Stack) -> None:
    accept(stack)
    assert sip_states(stack) == ["stored"] * 3
    assert len(copies(stack)) == 6
    assert {copy.state for copy in copies(stack).values()} == {CopyState.verified}


def is_found_by_whom_it_concerns(stack: Stack) -> None:
    kept = {notation: dossier.code for notation, dossier in dossiers(stack).items()}
    assert found(stack, READER, "quyet dinh") == {kept[PUBLIC]}
    assert found(stack, UNIT_READER, "quyet dinh") == {kept[RESTRICTED]}
    assert found(stack, OFFICER, "quyet dinh") == set(kept.values())
    for who, total in ((READER, 0), (UNIT_READER, 0), (OFFICER, 1)):
        page = search(stack, who, "10/KL-TTT")
        assert page.total == total
        assert sum(count.count for count in page.facets["kind"]) == total
    exact = search(stack, READER, "quyết định")
    assert exact.hits[0].tone_exact and exact.exact_total > 0


def is_read(stack: Stack) -> None:
    file = first_pdf(stack, dossiers(stack)[PUBLIC])
    with open_file(stack.archive, stack.stage.actor(READER), file.id) as opened:
        assert hashlib.sha256(opened.stream.read()).hexdigest() == file.sha256
    picture, kind = page_image(stack.archive, stack.stage.actor(READER), file.id, 1, 800)
    assert len(picture) > 5_000 and kind.startswith("image/")
    closed = first_pdf(stack, dossiers(stack)[CLOSED])
    with pytest.raises(Missing), open_file(stack.archive, stack.stage.actor(READER), closed.id):
        pass


def first_pdf(stack: Stack, dossier: Dossier) -> FileObject:
    own = (FileObject.dossier_id == dossier.id, FileObject.path.endswith(".pdf"))
    with stack.archive.look(THE_ARCHIVE) as work:
        return work.session.scalars(select(FileObject).where(*own).order_by(FileObject.path).limit(1)).one()


def leaves_as_a_bag(stack: Stack, folder: Path, bagit_java: Judge) -> None:
    out = folder / "exported"
    export_dossier(stack.archive, stack.stage.actor(OFFICER), dossiers(stack)[CLOSED].id, out)
    submission = out / "data/submission"
    assert bagit.Bag(str(out)).is_valid()
    assert bagit.Bag(str(submission)).is_valid()
    assert bagit_java(out, submission) == Verdict(True, 2, ())


def is_audited_and_mended(stack: Stack) -> None:
    dossier, archive = dossiers(stack)[CLOSED], stack.archive
    path = flip_bit(archive, dossier, "ban-sao")
    report = fixity_run(archive, early=True)
    assert (report.checked, report.faults, report.stopped) == (6, 1, {})
    with archive.look(THE_ARCHIVE) as work:
        incident = work.session.scalars(select(Incident)).one()
    assert (incident.kind, incident.root_id, incident.dossier_id) == ("changed", "ban-sao", dossier.id)
    assert incident.path.endswith(path)
    restore_copy(archive, stack.stage.actor(AUDITOR), dossier.id, "ban-sao")
    assert fixity_run(archive, early=True).faults == 0


def is_destroyed_by_four(
    stack: Stack, folder: Path, verapdf: Callable[[Sequence[Path], str], Verdict]
) -> None:
    dossier, archive = dossiers(stack)[PUBLIC], stack.archive
    listed = execute(stack, decided(stack, dossier))
    assert listed.state is ListState.certified
    assert dossiers(stack)[PUBLIC].state is DossierState.destroyed
    assert [root for root in archive.stores if dossier.object_id in object_ids(archive.stores[root])] == []
    assert dossier.code not in found(stack, OFFICER, "quyet dinh")
    _, content = read_paper(archive, stack.stage.actor("thutruong"), listed.id, "certificate")
    paper = folder / "certificate.pdf"
    paper.write_bytes(content)
    assert verapdf([paper], "2b").accepted


def stays_in_the_log(stack: Stack) -> None:
    anchor_log(stack.archive)
    with stack.archive.look(THE_ARCHIVE) as work:
        lines = list(lines_from(work.session))
    anchors = anchors_outside(stack.archive)
    assert list(verify(lines, anchors, stack.archive.keys.public)) == []
    assert [each.code for each in verify(lines[:-1], anchors, stack.archive.keys.public)] == ["tail-cut"]


def satisfies_ocfl_java(stack: Stack, folder: Path, ocfl_java: Judge) -> None:
    for root_id in stack.archive.stores:
        verdict = ocfl_java(ocfl_tree(stack.archive, root_id, folder / "trees"))
        assert verdict.accepted and verdict.examined >= 2, verdict


def is_rebuilt_from_storage(stack: Stack) -> None:
    keep_system_objects(stack.archive, now=True)
    report = rebuild(stack.archive, into=stack.into)
    assert report.whole and report.dossiers == 2, report
    old = open_engine(f"sqlite:///{report.kept}") if stack.into is None else stack.archive.engine
    new = open_engine(stack.into or stack.archive.settings.database)
    assert list(compare(old, new)) == []
    old.dispose()
    new.dispose()
