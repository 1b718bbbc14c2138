"""A destruction list as one person may see it: its numbers, its steps, whose turn it is."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from archive_service.kernel.clock import vietnam_date
from archive_service.kernel.permissions import Permission
from archive_service.regulations.tables import DestructionLaw
from archive_service.web.forms import Form
from archive_service.web.frame import Page
from archive_service.web.labels import label
from archive_service.web.sentences import Sentences
from archive_service.web.shown import Step
from archive_service.web.texts import size, when_text
from archive_service.work import Work
from retention.destruction.lists import (
    Total,
    totals,
    visible_list,
)
from retention.destruction.turns import may_act, names_of, waiting_for
from retention.models import Answer, DestructionList, EntryState, ListState


@dataclass(frozen=True)
class OpenList:
    """A list as one person may see it and act on it now."""

    listed: DestructionList
    totals: Sequence[Total]
    names: Mapping[UUID, str]
    waits_on: Sequence[str]
    acts: frozenset[Permission]
    mine: bool
    law: DestructionLaw

    @property
    def version(self) -> int:
        """Changes whenever the state, an answer or an entry does: what is signed must be what was seen."""
        seen = [(each.answer.value, each.state.value, each.dossiers) for each in self.totals]
        return zlib.crc32(repr((self.listed.state.value, self.listed.row_version, seen)).encode())

    def count(self, *answers: Answer) -> int:
        """Entries still on the list, begun or gone, with one of these answers (any, without)."""
        return sum(
            each.dossiers
            for each in self.totals
            if each.state is not EntryState.withdrawn and (not answers or each.answer in answers)
        )

    def name(self, person: UUID | None) -> str:
        return self.names.get(person, "") if person else ""


def open_list(work: Work, list_id: UUID) -> OpenList:
    """Raises `Missing` outside the actor's scope."""
    listed = visible_list(work, list_id)
    people = (listed.proposed_by, listed.reviewed_by, listed.decided_by, listed.started_by, listed.stopped_by)
    acts = frozenset(each for each in Permission if may_act(work, listed, each))
    waits_on = waiting_for(work, listed)
    mine = listed.proposed_by == work.actor.id
    law = law_of(work, listed)
    return OpenList(listed, totals(work, list_id), names_of(work, people), waits_on, acts, mine, law)


def law_of(work: Work, listed: DestructionList) -> DestructionLaw:
    """The law of the day of the decision; until then today's."""
    return work.rules.destruction_law(vietnam_date(listed.decided_at or work.now()))


def full_name(law: DestructionLaw, number: str, t: Sentences) -> str:
    """What the law calls such a list, and its number."""
    name = law.list_name if t.language == "vi" else law.list_name_en
    return t("destruction.one", name=name, number=number)


def steps_of(opened: OpenList, t: Sentences) -> list[Step]:
    """The way of the list; each step names who did it, or who may."""
    listed = opened.listed
    did = (
        ("propose", listed.proposed_by, listed.proposed_at, ListState.draft),
        ("review", listed.reviewed_by, listed.reviewed_at, ListState.reviewing),
        ("decide", listed.decided_by, listed.decided_at, ListState.awaiting_decision),
        ("wait", None, listed.started_at, ListState.waiting),
        ("execute", listed.started_by, listed.certified_at, ListState.executing),
        ("certify", None, listed.certified_at, ListState.certified),
    )
    shown = []
    for name, who, at, state in did:
        current = listed.state is state or (name == "execute" and listed.state is ListState.copies_owed)
        done = at is not None and not (current and listed.state is not ListState.certified)
        detail = _detail(opened, who, at if done else None, current)
        shown.append(Step(t(f"step.{name}"), "done" if done else "current" if current else "ahead", detail))
    return shown


def _detail(opened: OpenList, who: UUID | None, at: object, current: bool) -> str:
    if current:
        return ", ".join(opened.waits_on)
    named = opened.name(who)
    return f"{named} {when_text(at)}".strip() if at else ""  # type: ignore[arg-type]  # a time of the list


def in_numbers(opened: OpenList, t: Sentences) -> str:
    """The list in one sentence: how much was put on it, how it was answered, how much has left it."""
    documents, octets = sum(e.documents for e in opened.totals), sum(e.size for e in opened.totals)
    dossiers = sum(each.dossiers for each in opened.totals)
    left = dossiers - opened.count()
    counted = dict.fromkeys(Answer, 0)
    for each in opened.totals:
        counted[each.answer] += each.dossiers
    answers = ", ".join(
        t("destruction.counted", words=label("entry", answer.value).words(t.language).lower(), n=number)
        for answer, number in counted.items()
        if number
    )
    answers = answers or "–"
    return t(
        "destruction.numbers",
        n=dossiers,
        documents=documents,
        size=size(octets, t.language),
        answers=f"{answers}; {t('destruction.left', n=left)}" if left else answers,
    )


def list_page(
    opened: OpenList, t: Sentences, title: str = "", summary: str = "", form: Form | None = None
) -> Page:
    number = opened.listed.number
    base = f"/destruction/{opened.listed.id}"
    crumbs = [
        (t("destruction.title"), "/destruction"),
        (t("retention.on_list", number=number), base if title else ""),
    ]
    failed = bool(form and (form.errors or form.wrong))
    return Page(
        title or full_name(opened.law, number, t),
        summary,
        crumbs,
        "/destruction",
        failed,
    )
