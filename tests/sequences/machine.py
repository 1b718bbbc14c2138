"""Random lives of an archive: whatever people do and whatever befalls the process, every promise holds at the end."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.faults.stacks import Embedded
from tests.sequences.fate import Fate
from tests.sequences.life import Life
from tests.sequences.packages import package
from tests.sequences.sound import assert_sound

MOST_PACKAGES = 5
#: Most acts take 60 to 400 steps to the outside; a death beyond them befalls nobody.
FATES = st.builds(
    Fate,
    kind=st.sampled_from(["dies", "dies", "dies", "away", "full"]),
    at=st.one_of(st.just(0), st.integers(1, 400)),
)
_numbers = itertools.count()


class Archives(RuleBasedStateMachine):
    """Rules are acts on one archive; each may be befallen once. Subclasses name the stack it stands on."""

    stack: Embedded
    lived: list[Life]
    """Every life of this run, ended: whoever ran them can tell whether anything happened in them."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life.begun(self.stack, f"n{next(_numbers)}")

    def teardown(self) -> None:
        try:
            assert_sound(self.life)
        finally:
            self.lived.append(self.life)
            self.life.end()

    def _one(self, data: Any, *, held: bool | None = None) -> int:
        number: int = data.draw(st.sampled_from(self._those(held=held)))
        return number

    def _those(self, *, held: bool | None = None) -> list[int]:
        known = [n for n, each in self.life.known.items() if each.dossier_id and not each.destroyed]
        return [n for n in known if held is None or self.life.is_held(n) is held]

    @initialize(at=st.integers(1, 150))
    def begin(self, at: int) -> None:
        """No life is without a record and a death: the simplest, which hypothesis draws first, is else idle days only."""
        self.submit(Fate(at=at))

    @precondition(lambda self: len(self.life.known) < MOST_PACKAGES)
    @rule(fate=FATES)
    def submit(self, fate: Fate) -> None:
        number = len(self.life.known) + 1
        self.life.act(f"submit {number}", lambda: self.life.submit(number, package(number)), fate)

    @precondition(lambda self: self._those())
    @rule(data=st.data(), fate=FATES)
    def send_again(self, data: Any, fate: Fate) -> None:
        number = self._one(data)
        self.life.act(f"send again {number}", lambda: self.life.send_again(number), fate)

    @precondition(lambda self: self._those())
    @rule(data=st.data(), fate=FATES, word=st.sampled_from(["một", "hai", "ba"]))
    def retitle(self, data: Any, fate: Fate, word: str) -> None:
        number, title = self._one(data), f"Hồ sơ sửa lần {word}"
        self.life.act(f"retitle {number}", lambda: self.life.retitle(number, title), fate)

    @precondition(lambda self: self._those(held=False))
    @rule(data=st.data(), fate=FATES)
    def hold(self, data: Any, fate: Fate) -> None:
        number = self._one(data, held=False)
        self.life.act(f"hold {number}", lambda: self.life.hold(number), fate)
        assert self.life.is_held(number)
        self.life.try_to_destroy_held(number)

    @precondition(lambda self: self._those(held=True))
    @rule(data=st.data(), fate=FATES)
    def lift(self, data: Any, fate: Fate) -> None:
        number = self._one(data, held=True)
        self.life.act(f"lift {number}", lambda: self.life.lift(number), fate)
        assert not self.life.is_held(number)

    @precondition(lambda self: self._those(held=False))
    @rule(data=st.data(), fate=FATES)
    def destroy(self, data: Any, fate: Fate) -> None:
        number = self._one(data, held=False)
        self.life.act(f"destroy {number}", lambda: self.life.destroy(number), fate)

    @precondition(lambda self: self._those())
    @rule(data=st.data(), fate=FATES, which=st.integers(0, 200))
    def damage_and_heal(self, data: Any, fate: Fate, which: int) -> None:
        number = self._one(data)
        root = data.draw(st.sampled_from(sorted(self.life.house.archive.stores)))
        self.life.told.append(f"damage {self.life.damage(number, root, which)} in {root}")
        self.life.act("heal", self.life.heal, fate)

    @rule(fate=FATES)
    def a_day(self, fate: Fate) -> None:
        self.life.act("a day", self.life.a_day, fate)
