"""`/sips/{id}`: may this be accepted? And its findings as a page to print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from archive_service.kernel.permissions import Permission
from archive_service.regulations import Rules
from archive_service.web.findings import grouped
from archive_service.web.frame import Page, offers, render, sentences
from archive_service.web.inbox import HERE, sender
from archive_service.web.sentences import Sentences
from archive_service.web.session import TheVisit, Visit, page_router
from archive_service.web.shown import Node, Step, tree_order
from archive_service.web.texts import size, visible_name, when
from ingest.examined import SHOWN_FINDINGS, Examined, examined
from ingest.models import Sip, SipFile, SipState

router = page_router()
FILES = 200


@dataclass(frozen=True)
class ShownFile:
    """A row of the contents: the document that owns the file, and what the checks learned of it."""

    ordinal: str
    document: str
    file: SipFile


@router.get("/sips/{sip_id}")
def show_sip(
    request: Request,
    visit: TheVisit,
    sip_id: UUID,
    after: Annotated[int, Query(ge=0)] = 0,
    view: Annotated[str, Query(max_length=10)] = "table",
) -> Response:
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        found = examined(work, sip_id)
        decides = may_decide(work, found.sip)
    sip = found.sip
    files = [each for each in found.files if each.number > after]
    page = Page(title_of(t, sip), crumbs=crumbs(t, visit, sip), here=home(visit))
    return render(
        request,
        "sips/sip.html",
        page,
        found=found,
        sip=sip,
        decides=decides,
        own=sip.submitted_by == visit.actor.id,
        officer=visit.actor.may(Permission.read_sips),
        turn=turn(t, found, decides, visit),
        steps=steps(t, found),
        groups=grouped(found.findings, visit.archive.rules, visit.language),
        files=shown_files(sip, files[:FILES]),
        after=files[FILES - 1].number if len(files) > FILES else 0,
        start=after,
        view=view,
        nodes=tree(files[:FILES]) if view == "tree" else (),
        described=described(sip, visit.archive.rules, visit.language),
        facts=facts(t, sip, visit),
        checks=[(t(f"sip.step_{each['step']}"), each["findings"]) for each in sip.steps],
        dossier=dossier_link(request, found, visit),
        help=offers(request.app, "/docs/findings"),
    )


@router.get("/sips/{sip_id}/findings")
def show_findings(request: Request, visit: TheVisit, sip_id: UUID) -> Response:
    """The same findings alone, unfolded on paper."""
    t = sentences(request)
    with visit.archive.look(visit.actor) as work:
        found = examined(work, sip_id)
    sip = found.sip
    title = t("sip.findings_title", code=sip.dossier_code or sip.container_name)
    trail = [*crumbs(t, visit, sip)[:-1], (sip.dossier_code or sip.container_name, f"/sips/{sip.id}")]
    return render(
        request,
        "sips/findings.html",
        Page(title, crumbs=trail, here=home(visit)),
        found=found,
        sip=sip,
        groups=grouped(found.findings, visit.archive.rules, visit.language),
        facts=facts(t, sip, visit),
        checks=[(t(f"sip.step_{each['step']}"), each["findings"]) for each in sip.steps],
        cut=len(found.findings) >= SHOWN_FINDINGS,
    )


def may_decide(work: Any, sip: Sip) -> bool:
    """Whether this person's page offers the decision: the use case asks again."""
    scope = work.scope(Permission.decide_sips)
    return (
        sip.state is SipState.awaiting_decision
        and scope.holds(sip.unit_id, sip.fonds_id)
        and sip.submitted_by != work.actor.id
    )


def home(visit: Visit) -> str:
    return HERE if visit.actor.may(Permission.read_sips) else "/submissions"


def title_of(t: Sentences, sip: Sip) -> str:
    return sip.title or t("sip.untitled", name=visible_name(sip.container_name))


def crumbs(t: Sentences, visit: Visit, sip: Sip) -> list[tuple[str, str]]:
    """By code, not by title."""
    words = t("sip.crumb") if home(visit) == HERE else t("navigation.submissions")
    return [(words, home(visit)), (sip.dossier_code or sip.container_name, "")]


def turn(t: Sentences, found: Examined, decides: bool, visit: Visit) -> str:
    """One sentence: who acts next."""
    sip, state = found.sip, found.sip.state
    if state is SipState.awaiting_decision and sip.due_at is not None:
        late = visit.archive.clock.now() > sip.due_at
        key = ("turn_late" if late else "turn_yours") if decides else "turn_archive"
        if not decides and sip.submitted_by == visit.actor.id and visit.actor.may(Permission.decide_sips):
            return t("sip.own")
        return t(f"sip.{key}", at=when(sip.due_at))
    if state in (SipState.received, SipState.checking, SipState.accepted):
        return t("sip.turn_wait")
    return t("sip.turn_sender") if state is SipState.returned and found.later is None else t("sip.turn_done")


def steps(t: Sentences, found: Examined) -> list[Step]:
    sip = found.sip
    place = {SipState.received: 1, SipState.checking: 1, SipState.awaiting_decision: 2, SipState.accepted: 3}
    now = place.get(sip.state, 4)
    good, wanted = found.copies
    checked = t("sip.step_checked_detail", n=len(sip.steps)) if sip.checked_at else ""
    copies = t("sip.step_copies", good=good, all=wanted) if sip.state is SipState.stored else ""
    words = [
        ("step_received", when(sip.received_raw)),
        ("step_checked", checked),
        ("step_decision", when(sip.decided_at) if sip.decided_at else ""),
        ("step_stored", copies),
    ]
    if sip.state in (SipState.returned, SipState.refused, SipState.duplicate):
        # Nothing is stored of these: the way ends at the decision.
        words = words[:3]
    return [
        Step(t(f"sip.{key}"), "done" if number < now else "current" if number == now else "ahead", detail)
        for number, (key, detail) in enumerate(words)
    ]


def shown_files(sip: Sip, files: Sequence[SipFile]) -> list[ShownFile]:
    documents = sip.description.get("documents", [])
    return [_shown_file(documents, each) for each in files]


def _shown_file(documents: Sequence[dict[str, Any]], file: SipFile) -> ShownFile:
    number = file.document_ordinal
    if number is None or number > len(documents):
        return ShownFile("", "", file)
    tags = documents[number - 1]["tags"]
    code = "/".join(filter(None, (tags.get("CodeNumber", ""), tags.get("CodeNotation", ""))))
    return ShownFile(f"{number:02}", f"{tags.get('TypeName', '')} {code}".strip(), file)


def tree(files: Sequence[SipFile]) -> tuple[Node, ...]:
    """Folders and files of these paths, folders first."""
    root: dict[str, Any] = {}
    for file in files:
        *folders, name = file.path.split("/")
        place = root
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = file
    return _nodes(root)


def _nodes(entries: dict[str, Any]) -> tuple[Node, ...]:
    made = [
        Node(name, children=_nodes(entry)) if isinstance(entry, dict) else Node(name, octets=entry.size)
        for name, entry in entries.items()
    ]
    return tuple(tree_order(made, str.casefold))


def described(sip: Sip, rules: Rules, language: str) -> list[tuple[str, str]]:
    """The dossier's tags as submitted, by the law's names; a tag that we do not know keeps its own."""
    fields = rules.known_fields("dossier")
    named = {tag: field.name_en if language == "en" else field.name_vi for tag, field in fields.items()}
    return [
        (f"{named.get(tag, tag)} ({tag})", value) for tag, value in sip.description.get("tags", {}).items()
    ]


def facts(t: Sentences, sip: Sip, visit: Visit) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [
        (t("inbox.unit"), sender(sip)),
        (t("sip.received"), when(sip.received_raw)),
    ]
    if sip.received_legal != sip.received_raw:
        found.append((t("sip.received_legal"), when(sip.received_legal)))
    if sip.submitter is not None:
        found.append((t("sip.submitter"), sip.submitter.name))
    found.append((t("sip.container"), visible_name(sip.container_name)))
    shown = t(
        "sip.content_is",
        documents=sip.document_count,
        files=sip.file_count,
        size=size(sip.byte_count or sip.container_size, visit.language),
    )
    return [*found, (t("sip.content"), shown)] if sip.checked_at else found


def dossier_link(request: Request, found: Examined, visit: Visit) -> str:
    """The stored dossier's page, for those who may read dossiers at all; its own page decides on this one."""
    sip, address = found.sip, f"/dossiers/{found.sip.dossier_id}"
    readable = sip.state is SipState.stored and visit.actor.may(Permission.search)
    return address if readable and offers(request.app, address) else ""
