"""What every test may use: the real services, the judges, and one seed for invented examples."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["tests.archives", "tests.past", "tests.services.fixtures", "tests.judges.fixtures"]

settings.register_profile("ci", max_examples=25, derandomize=True, deadline=None, database=None)
settings.register_profile("deep", max_examples=1_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
