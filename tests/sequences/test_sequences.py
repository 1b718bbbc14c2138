"""Random sequences of acts, each befallen by a crash or a fault of storage; then everything is held against all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.crashes import DEEP
from tests.faults.stacks import Embedded
from tests.faults.warm import WarmSandbox
from tests.sequences.machine import Archives

pytestmark = pytest.mark.timeout(7200)


def lives(stack: Embedded, count: int, steps: int) -> None:
    stack.build().archive.close()
    run_state_machine_as_test(
        type("Lives", (Archives,), {"stack": stack}),
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
            # A failure says its acts by itself; making them fewer would live hundreds of lives more.
            phases=(Phase.explicit, Phase.generate),
        ),
    )


def test_folders_and_sqlite(tmp_path: Path, warm_sandbox: WarmSandbox) -> None:
    lives(Embedded(tmp_path, warm_sandbox), count=100 if DEEP else 6, steps=10)
