"""A real PostgreSQL for tests, without fsync: a crash of the server loses nothing, a crash of the machine may."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tests.services.process import Server, free_port, leashed, other_user, program, running, scratch_folder

NAME = "PostgreSQL"
_FOLDERS = sorted((str(each) for each in Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)


@dataclass
class Postgres:
    """`url` names an empty database that all tests of the run share; `fresh` gives one to a test alone."""

    port: int
    server: Server
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        return self.url_of("archive")

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg://archive@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The SQLAlchemy URL of a new empty database, dropped afterwards with whoever is still connected."""
        name = f"fresh{next(self._numbers)}"
        self.say(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield self.url_of(name)
        finally:
            self.say(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def say(self, statement: sql.Composed) -> None:
        with psycopg.connect(_address(self.port), autocommit=True) as connection:
            connection.execute(statement)

    def kill(self) -> None:
        self.server.kill()

    def start(self) -> None:
        self.server.start()


def _address(port: int) -> str:
    return f"postgresql://archive@127.0.0.1:{port}/postgres?connect_timeout=2"


def _is_ready(port: int) -> bool:
    try:
        with psycopg.connect(_address(port)):
            return True
    except psycopg.OperationalError:
        return False


@contextmanager
def start() -> Iterator[Postgres]:
    initdb, postgres = (program(name, folders=_FOLDERS) for name in ("initdb", "postgres"))
    user = other_user("postgres")
    with scratch_folder(user) as folder:
        data, port = folder / "data", free_port()
        making = [initdb, "-D", str(data), "-U", "archive", "--auth=trust", "-E", "UTF8"]
        subprocess.run(
            leashed([*making, "--locale=C.UTF-8", "--no-sync"], user),
            cwd=folder,
            check=True,
            capture_output=True,
        )
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",  # its path would be too long below some temporary folders
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "64MB",
        }
        command = [postgres, "-D", str(data), "-p", str(port)]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with running(Server(NAME, command, folder, lambda: _is_ready(port), user=user)) as server:
            database = Postgres(port, server)
            database.say(sql.SQL("CREATE DATABASE {}").format(sql.Identifier("archive")))
            yield database
