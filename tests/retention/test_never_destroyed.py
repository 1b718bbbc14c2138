"""No held record is ever destroyed, whatever people do in whatever order."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from uuid import UUID

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.errors import ArchiveError
from retention.holds import HoldOrder, place_hold
from retention.lifting import lift_hold, request_lift
from retention.models import Answer, Hold
from tests.archives import House
from tests.retention.shelf import Hands, bytes_left, shelve

STEPS = ("propose", "send", "answer", "keep", "send_on", "decide", "wait", "start", "execute", "stop")
HOLDS = ("hold", "hold-unit", "hold-words", "ask-lift", "lift")


class Story:
    """One dossier and everything that may happen to it; what is refused simply does not happen."""

    def __init__(self, house: House) -> None:
        self.house, self.hands = house, Hands(house)
        self.word = f"chuyện{house.clock.now().timestamp():.0f}x".replace(".", "")
        self.dossier = shelve(house, title=f"Hồ sơ {self.word}")
        self.list_id: UUID | None = None

    def act(self, act: str) -> None:
        with suppress(ArchiveError):
            if act in HOLDS:
                self._about_holds(act)
            elif act == "propose":
                self.list_id = self.hands.propose(self.dossier)
            elif act == "wait":
                self.house.clock.advance(days=8)
            elif act == "keep" and self.list_id:
                self.hands.answer(self.list_id, Answer.taken_out, reason="Còn dùng")
            elif self.list_id:
                getattr(self.hands, act)(self.list_id)

    def _about_holds(self, act: str) -> None:
        if act in ("ask-lift", "lift"):
            return self._lift(act)
        reach: dict[str, dict[str, object]] = {
            "hold": {"dossier_id": self.dossier},
            "hold-unit": {"unit_id": self.house.unit.id},
            "hold-words": {"title_words": self.word},
        }
        order = HoldOrder("1/CV", date(2026, 3, 1), "Thanh tra", **reach[act])  # type: ignore[arg-type]
        with self.house.archive.work(self.house.actor("records_manager")) as work:
            place_hold(work, order)
        return None

    def _lift(self, act: str) -> None:
        who, use = ("records_manager", request_lift) if act == "ask-lift" else ("head", lift_hold)
        with self.house.archive.work(self.house.actor(who)) as work:
            for hold in work.session.scalars(select(Hold).where(Hold.lifted_at.is_(None))).all():
                use(work, hold.id, "Đã xong") if act == "ask-lift" else use(work, hold.id)  # type: ignore[call-arg]

    @property
    def held(self) -> bool:
        """Every hold of a story reaches its dossier: asked without the code that is judged here."""
        with self.house.archive.look(THE_ARCHIVE) as work:
            return work.session.scalars(select(Hold.id).where(Hold.lifted_at.is_(None))).first() is not None

    @property
    def whole(self) -> bool:
        return len(bytes_left(self.house, self.dossier)) == 2


#: The lawful way with anything in between, so that many stories reach the execution.
WAY = ("propose", "send", "answer", "send_on", "decide", "wait", "start", "execute")
between = st.lists(st.sampled_from(STEPS + HOLDS), max_size=2)
stories = st.tuples(*(between for _ in WAY)).map(
    lambda gaps: [act for gap, step in zip(gaps, WAY, strict=True) for act in (*gap, step)]
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(acts=["hold-unit", *WAY])
@example(acts=[*WAY[:-1], "hold-words", WAY[-1]])
@given(acts=stories)
def test_no_held_record_is_ever_destroyed(house: House, acts: list[str]) -> None:
    story = Story(house)
    for act in acts:
        was_held, was_whole = story.held, story.whole
        story.act(act)
        if was_held and was_whole:
            assert story.whole, acts
    for cleared in ("ask-lift", "lift"):
        story.act(cleared)


def test_the_lawful_way_alone_destroys(house: House) -> None:
    story = Story(house)
    for act in WAY:
        story.act(act)
    assert not story.whole
