"""The common head of a dossier's views: what it is, who may open which view of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request, Response

from archive_service.kernel.errors import Missing
from archive_service.kernel.organisation import Fonds
from archive_service.kernel.permissions import Permission
from archive_service.web.frame import Page, render
from archive_service.work import Work
from preservation.access import visible_dossier
from preservation.models import Dossier, DossierState
from preservation.reading import contents
from retention.holds import held
from retention.models import Hold


@dataclass(frozen=True)
class Opened:
    """What every view of a dossier needs. `staff` sees where copies lie and who did what; `whole`: no closed part."""

    dossier: Dossier
    fonds: Fonds
    holds: Sequence[Hold]
    whole: bool
    reads: bool
    auditor: bool
    retention: bool

    @property
    def staff(self) -> bool:
        return self.auditor or (self.whole and self.retention)

    def views(self) -> list[tuple[str, str]]:
        """(name, address) of the views that this person may open, in their order."""
        base = f"/dossiers/{self.dossier.id}"
        if self.dossier.state is DossierState.destroyed:
            return [("tombstone", base), ("history", f"{base}/history")]
        names = ["documents"]
        names += ["description"] if self.reads else []
        names += ["copies"] if self.staff else []
        names += ["signatures"]
        names += ["retention"] if self.retention else []
        names += ["history"] if self.staff else []
        return [(name, base if name == "documents" else f"{base}/{name}") for name in names]


def open_dossier(work: Work, dossier_id: UUID) -> Opened:
    """Raises `Missing` for one that this person may not know of."""
    dossier = visible_dossier(work, dossier_id)
    retention = work.actor.may(Permission.see_retention)
    return Opened(
        dossier,
        work.session.get_one(Fonds, dossier.fonds_id),
        held(work.session, [dossier.id]).get(dossier.id, ()) if retention else (),
        contents.reads_whole(work, dossier),
        bool(contents.modes_read(work, dossier)),
        work.actor.may(Permission.see_fixity),
        retention,
    )


def show(
    request: Request, opened: Opened, view: str, template: str, summary: str = "", **context: object
) -> Response:
    """A view of the dossier in its common head: code, title, state, the other views."""
    dossier = opened.dossier
    crumbs = [
        (opened.fonds.organ_id, f"/fonds/{dossier.fonds_id}"),
        (dossier.code, "" if view in {"documents", "tombstone"} else f"/dossiers/{dossier.id}"),
    ]
    page = Page(dossier.title, summary, crumbs if opened.reads else crumbs[1:], here="/fonds")
    return render(request, template, page, 200, opened=opened, dossier=dossier, view=view, **context)


def open_view(work: Work, dossier_id: UUID, view: str) -> Opened:
    """As `open_dossier`; a view that is not this person's is `Missing` too."""
    opened = open_dossier(work, dossier_id)
    if view not in dict(opened.views()):
        raise Missing
    return opened
