"""`/signatures`: which verdicts changed since ingest, and what each signature rests on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fastapi import Request, Response

from archive_service.kernel.cursors import Listed
from archive_service.web.exports import PAGE, every, export
from archive_service.web.frame import Page, render, sentences
from archive_service.web.labels import label
from archive_service.web.lists import Asked, Column, Empty, Filter, Listing, ask
from archive_service.web.reasons import signature_reason
from archive_service.web.sentences import Sentences
from archive_service.web.session import TheVisit, Visit, page_router
from archive_service.web.texts import when_text
from archive_service.work import Work
from preservation.audits.coverage import last_run
from preservation.models import Verdict
from preservation.signatures.listed import SignatureLine, count_verdicts, list_signatures
from preservation.watch_models import AuditRun

router = page_router()

SIGNATURES = (
    Column("file", "copies.file", sheet=lambda row: row.path),
    Column("signer", "signature.signer", sheet=lambda row: row.signature.signer),
    Column("signed_at", "signature.signed_at", sheet=lambda row: row.signature.signed_at),
    Column("then", "signature.then", sheet=lambda row: label("signature", row.signature.first_verdict.value)),
    Column("now", "signature.now", sheet=lambda row: label("signature", row.signature.verdict.value)),
    Column("why", "signature.why", sheet=lambda row: partial(signature_reason, row.signature.reason)),
    Column("checked_at", "signature.checked_at", sheet=lambda row: row.checked_at),
)


@router.get("/signatures")
def signatures(request: Request, visit: TheVisit) -> Response:
    t = sentences(request)
    verdicts = [(each.value, label("signature", each.value).words(t.language)) for each in Verdict]
    filters = (
        Filter("verdict", "signature.now", "choice", verdicts),
        Filter("changed", "signature.change", "choice", [("1", t("signature.only_changed"))]),
    )
    asked = ask(request, "signatures", SIGNATURES, filters, sort="")
    if asked.wants_sheet:
        return export(request, visit, asked, t("navigation.signatures"), _all(visit, asked))
    with visit.archive.look(visit.actor) as work:
        found = _lines(work, visit, asked, asked.position, asked.limit)
        counts = count_verdicts(work)
        changed = len(list_signatures(work, visit.archive, changed=True, limit=100).items)
        run = last_run(work, "signatures")
    empty = Empty("no_match" if asked.chosen else "nothing_yet", t("signature.none_found"))
    return render(
        request,
        "signatures.html",
        Page(t("navigation.signatures"), here="/signatures"),
        listing=Listing(asked, t("signature.all_caption"), asked.page_of(found), empty),
        counts=counts,
        verdicts=list(Verdict),
        changed=changed,
        run=_run_words(run, t),
        verified_again=run is not None and run.finished_at is not None,
        why=lambda row: signature_reason(row.signature.reason, t),
    )


def _lines(work: Work, visit: Visit, asked: Asked, cursor: str | None, limit: int) -> Listed[SignatureLine]:
    wanted = asked.values["verdict"]
    verdict = Verdict(wanted) if wanted in Verdict.__members__ else None
    changed = bool(asked.values["changed"])
    return list_signatures(work, visit.archive, verdict=verdict, changed=changed, cursor=cursor, limit=limit)


def _all(visit: Visit, asked: Asked) -> Iterator[SignatureLine]:
    def page(cursor: str | None) -> Listed[SignatureLine]:
        with visit.archive.look(visit.actor) as work:
            return _lines(work, visit, asked, cursor, PAGE)

    return every(page)


def _run_words(run: AuditRun | None, t: Sentences) -> str:
    if run is None or run.finished_at is None:
        return t("signature.run_never")
    return t("signature.run_done", at=when_text(run.finished_at), n=run.checked, changed=run.faults)
