"""Setting the archive up and running its processes: `init`, `serve`, `worker`, `beat`, `settings`."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from archive_service.cli.frame import AsJson, both, opened, report, require_ready
from archive_service.initialise import FirstPerson, initialise
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.settings import load_settings
from archive_service.rebuild.snapshots import keep_system_objects
from archive_service.work import Archive
from preservation.audits.root_files import foreign_at_top
from preservation.roots.probes import probe_new_roots
from preservation.system.objects import anchor
from retention.locks import require_locks

#: Not `ARCHIVE_…`: a password is no setting, and a setting that does not exist stops the start.
ADMINISTRATOR_PASSWORD, HEAD_PASSWORD = "INIT_ADMINISTRATOR_PASSWORD", "INIT_HEAD_PASSWORD"
MOST_TOLD = 20


def init(
    administrator: Annotated[str, typer.Option(help="User name, or user-name=Full Name.")] = "quantri",
    head: Annotated[str, typer.Option(help="User name, or user-name=Full Name.")] = "dungdau",
) -> None:
    """Make keys, database, storage roots, the first administrator and the head. Again: upgrade the database.

    Passwords come from INIT_ADMINISTRATOR_PASSWORD and INIT_HEAD_PASSWORD, or are asked, or made and shown once.
    """
    first, made_first = _first_person(administrator, ADMINISTRATOR_PASSWORD)
    second, made_second = _first_person(head, HEAD_PASSWORD)
    with opened(ready=False) as archive:
        new = initialise(archive, administrator=first, head=second)
        if new:
            # Else a database lost in the first quarter of an hour would take its only people with it.
            keep_system_objects(archive, now=True)
            anchor(archive)
    if not new:
        typer.echo(
            both("Kho đã có; lược đồ ở bản mới nhất.", "The archive was there; its database is up to date.")
        )
        return
    typer.echo(both("Kho đã được khởi tạo.", "The archive is set up."))
    for (username, _, password), made in ((first, made_first), (second, made_second)):
        shown = both(f"mật khẩu {password} (chỉ hiện lần này)", f"password {password} (shown this once)")
        typer.echo(f"  {username}" + (f": {shown}" if made else ""))


def _first_person(given: str, variable: str) -> tuple[FirstPerson, bool]:
    """The person, and whether the password was made here and must be shown."""
    username, _, name = given.partition("=")
    password = os.environ.get(variable, "")
    if not password and sys.stdin.isatty():
        asked = both(
            f"Mật khẩu của {username} (để trống: tự tạo)", f"Password of {username} (empty: make one)"
        )
        password = typer.prompt(asked, default="", hide_input=True, show_default=False)
    return (username, name or username, password or new_password()), not password


def new_password() -> str:
    # The fixed letters are what the rule for passwords asks for; the rest is random.
    return secrets.token_urlsafe(12) + "-aA1"


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
) -> None:
    """Serve pages and API; with the in-process queue also do the work."""
    # Pages, fonts and web server take a second to load: no other command should wait for them.
    import uvicorn

    from archive_service.app import create_app

    archive = _ready()
    uvicorn.run(create_app(archive), host=host, port=port, server_header=False, proxy_headers=True)


def worker() -> None:
    """Do jobs that come by the queue (Celery)."""
    from archive_service.worker import celery_worker

    celery_worker(
        _broker(),
        ["worker", "--loglevel=INFO", "--pool=threads", f"--concurrency={_ready().settings.workers}"],
    )


def beat() -> None:
    """Nudge what is due, every few seconds (Celery); one of these is enough."""
    from archive_service.worker import celery_worker

    celery_worker(_broker(), ["beat"])


def _ready() -> Archive:
    """Opened and checked; it stays open until the process ends."""
    archive = Archive(load_settings())
    require_ready(archive)
    probe_new_roots(archive)
    require_locks(archive)
    _tell_foreign(archive)
    return archive


def _tell_foreign(archive: Archive) -> None:
    """Others' files in a root in use stop nothing; who starts the archive hears of them, and incidents follow."""
    found = foreign_at_top(archive)
    for root, name in found[:MOST_TOLD]:
        line = both(
            f"Kho {root}: {name} không phải của kho lưu trữ. Không đụng đến; xem trang Sự cố.",
            f"Root {root}: {name} is not the archive's. It is left as it is; see the page Incidents.",
        )
        print(line, file=sys.stderr)
    if len(found) > MOST_TOLD:
        print(
            both(f"… và {len(found) - MOST_TOLD} nữa.", f"… and {len(found) - MOST_TOLD} more."),
            file=sys.stderr,
        )


def _broker() -> str:
    queue = load_settings().queue
    if queue == "in-process":
        raise NotPossible(
            "Hàng đợi in-process chạy ngay trong `archive serve`; lệnh này cần queue = redis://… hoặc amqp://….",
            "The in-process queue works inside `archive serve`; this needs queue = redis://… or amqp://….",
            name="wrong-setting",
        )
    return queue


def settings(as_json: AsJson = False) -> None:
    """Show the settings in force; secrets are hidden."""
    shown = {name: _hidden(value) for name, value in load_settings().model_dump().items()}
    report(shown, (line for name, value in shown.items() for line in _lines(name, value)), as_json=as_json)


def _lines(name: str, value: Any) -> Iterator[str]:
    """Tables line by line, `storage.1.url = …`; words as `archive.toml` writes them."""
    if isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        value = {str(number): each for number, each in enumerate(value, 1)}
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _lines(f"{name}.{key}", each)
        return
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, list | dict):
        value = ", ".join(str(each) for each in value)
    yield f"{name} = {'' if value is None else value}".rstrip()


def _hidden(value: Any) -> Any:
    """Secrets as stars, in addresses too (`redis://:password@host`)."""
    if isinstance(value, SecretStr):
        return str(value)
    if isinstance(value, dict):
        return {name: _hidden(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(each) for each in value]
    if isinstance(value, int | None):
        return value
    return hide_password(str(value))


def hide_password(text: str) -> str:
    """
    >>> hide_password("redis://:secret@host:6379/0")
    'redis://:***@host:6379/0'
    """
    scheme, separator, rest = text.partition("://")
    login, at, place = rest.rpartition("@")
    if separator and at and ":" in login:
        return f"{scheme}://{login.partition(':')[0]}:***@{place}"
    return text
