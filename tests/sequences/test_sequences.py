"""Random sequences of acts, each befallen by a crash or a fault of storage; then everything is held against all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from archive_service.kernel.objects.folder import FolderStore
from archive_service.worker import HANDLERS
from preservation.aips import amend
from tests.faults.crashes import DEEP
from tests.faults.stacks import Embedded, Encrypted, Services
from tests.faults.warm import WarmSandbox
from tests.sequences.life import Life
from tests.sequences.machine import Archives
from tests.sequences.packages import package
from tests.sequences.sound import assert_sound
from tests.services.postgres import Postgres
from tests.services.s3 import S3

pytestmark = pytest.mark.timeout(7200)


def lives(stack: Embedded, count: int, steps: int, machine: type[Archives] = Archives) -> None:
    """`count` lives, and before them the simplest one that hypothesis can draw, in which hardly anything happens."""
    stack.build().archive.close()
    lived: list[Life] = []
    run_state_machine_as_test(
        type("Lives", (machine,), {"stack": stack, "lived": lived}),
        settings=settings(
            max_examples=count + 1,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
            # A failure says its acts by itself; making them fewer would live hundreds of lives more.
            phases=(Phase.explicit, Phase.generate),
        ),
    )
    assert any(life.deaths for life in lived), "nobody died: nothing was proven"


def test_folders_and_sqlite(tmp_path: Path, warm_sandbox: WarmSandbox) -> None:
    lives(Embedded(tmp_path, warm_sandbox), count=100 if DEEP else 3, steps=10)


def test_with_an_encrypted_root(tmp_path: Path, warm_sandbox: WarmSandbox) -> None:
    lives(Encrypted(tmp_path, warm_sandbox), count=50 if DEEP else 1, steps=10)


def test_real_services(
    tmp_path: Path,
    warm_sandbox: WarmSandbox,
    postgres_server: Postgres,
    s3_server: S3,
    elasticsearch_url: str,
) -> None:
    stack = Services(tmp_path, warm_sandbox, postgres_server, s3_server, elasticsearch_url)
    lives(stack, count=20 if DEEP else 1, steps=8)


def heals_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(HANDLERS, "repair_copies", lambda archive: None)


def erases_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(FolderStore, "purge", lambda store, prefix: 1)


def keeps_the_old_title(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(HANDLERS, "amend_dossier", lambda archive, dossier_id: None)
    patch.setattr(amend, "finish_amendment", lambda archive, dossier_id: None)


@pytest.mark.parametrize("broken", [heals_nothing, erases_nothing, keeps_the_old_title])
def test_a_broken_promise_is_noticed(
    tmp_path: Path,
    warm_sandbox: WarmSandbox,
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[pytest.MonkeyPatch], None],
) -> None:
    stack = Embedded(tmp_path, warm_sandbox)
    stack.build().archive.close()
    life = Life.begun(stack, "n0")
    try:
        for number in (1, 2):
            life.act(f"submit {number}", partial(life.submit, number, package(number)))
        assert_sound(life)
        broken(monkeypatch)
        with pytest.raises(AssertionError):
            life.act("retitle 1", lambda: life.retitle(1, "Tiêu đề khác"))
            life.damage(1, "ban-sao", 3)
            life.act("heal", life.heal)
            life.act("destroy 2", lambda: life.destroy(2))
            assert_sound(life)
    finally:
        life.end()
