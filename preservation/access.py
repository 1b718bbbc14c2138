"""Who may see what. No right and no such thing are the same `Missing`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from archive_service.kernel.errors import Forbidden, Missing
from archive_service.kernel.permissions import Permission
from archive_service.work import Scope, Work
from preservation.models import AccessMode, Document, Dossier, DossierState, FileObject, stricter
from search.index import AccessFilter, Clause

#: A reader's "conditional" needs a grant that names the unit or the fonds; whole-archive readers see public records.
MODES: Sequence[tuple[AccessMode, Permission]] = (
    (AccessMode.public, Permission.read_public),
    (AccessMode.conditional, Permission.read_conditional),
    (AccessMode.closed, Permission.read_closed),
)


def scope_of(work: Work, permission: Permission) -> Scope:
    """As `Work.scope`, but a plain reader of the whole archive reads conditional records nowhere."""
    found = work.scope(permission)
    if permission is not Permission.read_conditional or work.actor.may(Permission.read_closed):
        return found
    named = [grant for grant in work.actor.grants_for(permission) if grant.unit_id or grant.fonds_id]
    if not found.everything:
        return found
    return work.scope_of_grants(named)


def access_filter(work: Work) -> AccessFilter:
    """The actor's rights as the index's filter; part of every query, so that counts and facets keep silent too."""
    clauses = []
    for mode, permission in MODES:
        scope = scope_of(work, permission)
        modes = frozenset({mode.value})
        if scope.everything:
            clauses.append(Clause(modes))
            continue
        if scope.units:
            clauses.append(Clause(modes, units=frozenset(map(str, scope.units))))
        if scope.fonds:
            clauses.append(Clause(modes, fonds=frozenset(map(str, scope.fonds))))
    return AccessFilter(tuple(clauses))


def readable(work: Work, mode_column: Any = Dossier.access) -> ColumnElement[bool]:
    """The same rights as a condition over dossier rows, for lists that come from the catalogue."""
    parts: list[ColumnElement[bool]] = []
    for mode, permission in MODES:
        scope = scope_of(work, permission)
        if not scope.empty:
            parts.append(and_(mode_column == mode, in_scope(scope)))
    return or_(*parts) if parts else false()


def in_scope(scope: Scope) -> ColumnElement[bool]:
    if scope.everything:
        return true()
    return or_(Dossier.unit_id.in_(scope.units), Dossier.fonds_id.in_(scope.fonds))


def may_read(work: Work, dossier: Dossier, mode: AccessMode) -> bool:
    permission = dict(MODES)[mode]
    return work.actor.may(permission) and scope_of(work, permission).holds(dossier.unit_id, dossier.fonds_id)


def visible_dossier(work: Work, dossier_id: UUID) -> Dossier:
    """The dossier, if the actor may know of it. A destroyed one is known to those who read everything in its scope."""
    dossier = work.session.get(Dossier, dossier_id)
    if dossier is None:
        raise Missing
    mode = AccessMode.closed if dossier.state is DossierState.destroyed else dossier.access
    knows = may_read(work, dossier, mode) or _handles(work, dossier)
    if not knows:
        raise Missing
    return dossier


def _handles(work: Work, dossier: Dossier) -> bool:
    """Executors and auditors see that a dossier exists and how its copies are; its documents they do not read."""
    return any(
        work.scope(permission).holds(dossier.unit_id, dossier.fonds_id)
        for permission in (Permission.see_fixity, Permission.execute_destruction)
        if work.actor.may(permission)
    )


def visible_document(work: Work, document_id: UUID) -> tuple[Document, Dossier]:
    document = work.session.get(Document, document_id)
    dossier = work.session.get(Dossier, document.dossier_id) if document else None
    if document is None or dossier is None or not may_read(work, dossier, document.access):
        raise Missing
    return document, dossier


def visible_file(work: Work, file_id: UUID) -> tuple[FileObject, Dossier]:
    """A file goes by its document's mode; the bag's own files, which name every document, by the strictest of all."""
    found = work.session.get(FileObject, file_id)
    dossier = work.session.get(Dossier, found.dossier_id) if found else None
    if found is None or dossier is None:
        raise Missing
    document = work.session.get(Document, found.document_id) if found.document_id else None
    if not may_read(work, dossier, document.access if document else whole_mode(work, dossier)):
        raise Missing
    return found, dossier


def whole_mode(work: Work, dossier: Dossier) -> AccessMode:
    """The strictest mode in the dossier: who may read that may read everything in it."""
    modes = work.session.scalars(select(Document.access).where(Document.dossier_id == dossier.id).distinct())
    return reduce(stricter, modes, dossier.access)


def allow_reading(work: Work) -> None:
    """For pages that need the right to search at all, before any record is named."""
    if not work.actor.may(Permission.search):
        raise Forbidden("Ông/Bà không có quyền tra cứu.", "You do not have the right to search.")
