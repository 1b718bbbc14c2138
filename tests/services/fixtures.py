"""Fixtures for the real services. Each starts when a test first asks for it and serves the whole run.

Where one is not there: with `ARCHIVE_TEST_SERVICES=required` the test fails, else it is skipped with the reason
and the run ends with a line that says how to get it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from tests.services import chromium, clamd, elasticsearch, postgres, redis, s3, versitygw
from tests.services.process import Unavailable

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Thing = TypeVar("Thing")
INSTALL = "as root on Debian: make services"
MISSING = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MISSING] = {}
    asked = os.environ.get("ARCHIVE_TEST_SERVICES", "")
    if asked not in ("", "required"):
        raise pytest.UsageError(f"ARCHIVE_TEST_SERVICES is {asked!r}; it may only be 'required' or unset")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of several (pytest-xdist) tells the one that writes the summary what it missed."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["missing"] = session.config.stash[MISSING]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[MISSING].update(getattr(node, "workeroutput", {}).get("missing", {}))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Iterator[None]:
    yield  # all other summaries first: these lines are the last ones before the closing line
    missing = config.stash[MISSING]
    if missing:
        terminalreporter.section("services that were not there")
    for name, reason in sorted(missing.items()):
        terminalreporter.write_line(f"{name}: {reason}")


def not_there(config: pytest.Config, name: str, reason: str, how: str = INSTALL) -> None:
    """Fail or skip the test that needs `name`, and remember it, and how to get it, for the end of the run."""
    config.stash[MISSING][name] = f"{reason}. To get it, {how}"
    if os.environ.get("ARCHIVE_TEST_SERVICES") == "required":
        pytest.fail(f"{name} is required: {reason}", pytrace=False)
    pytest.skip(f"{name} is not there: {reason}")


@contextmanager
def lent(config: pytest.Config, name: str, service: AbstractContextManager[Thing]) -> Iterator[Thing]:
    """The started service. Only what is not installed counts as missing: what fails to start is an error."""
    try:
        thing = service.__enter__()
    except Unavailable as error:
        not_there(config, name, str(error))
        raise
    try:
        yield thing
    finally:
        service.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[postgres.Postgres]:
    with lent(pytestconfig, postgres.NAME, postgres.start()) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: postgres.Postgres) -> str:
    """`postgresql+psycopg://…` of one database that the whole run shares."""
    return postgres_server.url


@pytest.fixture
def fresh_postgres(postgres_server: postgres.Postgres) -> Iterator[str]:
    """`postgresql+psycopg://…` of a new, empty database for this test alone."""
    with postgres_server.fresh() as url:
        yield url


@pytest.fixture(scope="module")
def module_postgres(postgres_server: postgres.Postgres) -> Iterator[str]:
    """As `fresh_postgres`, for the tests of one module together."""
    with postgres_server.fresh() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server(pytestconfig: pytest.Config) -> Iterator[redis.Redis]:
    with lent(pytestconfig, redis.NAME, redis.start()) as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server: redis.Redis) -> str:
    return redis_server.url


@pytest.fixture(scope="session")
def s3_server(pytestconfig: pytest.Config) -> Iterator[s3.S3]:
    with lent(pytestconfig, s3.NAME, s3.start()) as server:
        yield server


@pytest.fixture(scope="session")
def versitygw_server(pytestconfig: pytest.Config) -> Iterator[s3.S3]:
    """A second S3 server, of other people, that keeps objects as files of its disk."""
    with lent(pytestconfig, versitygw.NAME, versitygw.start()) as server:
        yield server


@pytest.fixture(scope="session")
def elasticsearch_server(pytestconfig: pytest.Config) -> Iterator[elasticsearch.Elasticsearch]:
    with lent(pytestconfig, elasticsearch.NAME, elasticsearch.start()) as server:
        yield server


@pytest.fixture(scope="session")
def elasticsearch_url(elasticsearch_server: elasticsearch.Elasticsearch) -> str:
    return elasticsearch_server.url


@pytest.fixture(scope="session")
def clamd_server(pytestconfig: pytest.Config) -> Iterator[clamd.Clamd]:
    with lent(pytestconfig, clamd.NAME, clamd.start()) as server:
        yield server


@pytest.fixture(scope="session")
def clamd_url(clamd_server: clamd.Clamd) -> str:
    """`clamd://host:port`; the daemon knows the EICAR text (`tests.services.clamd.eicar`) and nothing else."""
    return clamd_server.url


@pytest.fixture(scope="session")
def chromium_path(pytestconfig: pytest.Config) -> str:
    try:
        return chromium.path()
    except Unavailable as error:
        not_there(pytestconfig, chromium.NAME, str(error))
        raise


@pytest.fixture(scope="module")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    """A Chromium for one module: Playwright keeps an event loop running, which `asyncio.run` elsewhere refuses."""
    with lent(pytestconfig, chromium.NAME, chromium.start()) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of its own session: no cookies of other tests."""
    context = browser.new_context()
    yield context.new_page()
    context.close()
