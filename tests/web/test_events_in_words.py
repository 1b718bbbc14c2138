"""Whatever can be recorded can be read by people."""

from __future__ import annotations

import pytest

from archive_service.kernel.events import Verb
from archive_service.web.sentences import table


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_verb_of_the_log_has_words(language: str) -> None:
    assert [verb.value for verb in Verb if f"verb.{verb.value}" not in table(language)] == []
