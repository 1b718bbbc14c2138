"""PostgreSQL by its own tools: pg_dump out of a snapshot, pg_restore into a new database, scratch databases to try in."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, cast

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from archive_service.kernel.errors import NotPossible, TryLater

SCRATCH = "archive_scratch_"


class ToolFailed(TryLater):
    """pg_dump or pg_restore said no: told in its own words."""

    name = "tool-failed"

    def __init__(self, told: str) -> None:
        super().__init__(f"Công cụ của PostgreSQL báo lỗi: {told}", f"PostgreSQL's tool failed: {told}")


def tool(name: str, url: str) -> str:
    """The program of the server's own version, else the one on the path: a newer pg_restore says what an older server
    does not understand. Raises `NotPossible` where there is none."""
    with connect(url) as connection:
        major = connection.info.server_version // 10_000
    own = Path(f"/usr/lib/postgresql/{major}/bin") / name
    found = str(own) if own.is_file() else shutil.which(name)
    if found is None:
        raise NotPossible(
            f"Không có {name}: cài bộ công cụ PostgreSQL (postgresql-client-{major}) cùng phiên bản với máy chủ.",
            f"There is no {name}: install the PostgreSQL client of the server's version (postgresql-client-{major}).",
            name="tool-missing",
        )
    return found


def tool_version(name: str, url: str) -> str:
    told = subprocess.run(
        [tool(name, url), "--version"], capture_output=True, text=True, check=True, timeout=30
    )
    return told.stdout.strip()


def _environment(url: URL) -> dict[str, str]:
    """The connection as libpq takes it; a password in the arguments would stand in everybody's list of processes."""
    named = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    given = {f"PG{key.upper()}": str(value) for key, value in url.query.items()}  # host, sslmode, passfile, …
    return {**os.environ, **{key: value for key, value in named.items() if value}, **given}


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


@contextmanager
def dumping(url: str, snapshot: str) -> Iterator[BinaryIO]:
    """The output of pg_dump as a stream, as the exported snapshot sees the database. Raises `ToolFailed` at the end."""
    command = [
        tool("pg_dump", url),
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--snapshot={snapshot}",
    ]
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            command,
            env=_environment(make_url(url)),
            stdout=subprocess.PIPE,
            stderr=told,
            stdin=subprocess.DEVNULL,
        )
        try:
            yield cast(BinaryIO, process.stdout)
        except BaseException:
            _end(process)
            raise
        cast(IO[bytes], process.stdout).close()
        _require_done(process, told, "pg_dump")


@contextmanager
def restoring(url: str) -> Iterator[BinaryIO]:
    """What is written into the stream is restored in one transaction: all of it, or nothing."""
    command = [
        tool("pg_restore", url),
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
    ]
    target = make_url(url)
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            [*command, f"--dbname={target.database}"],
            env=_environment(target), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=told,
        )  # fmt: skip
        try:
            yield cast(BinaryIO, process.stdin)
        except BrokenPipeError:
            pass  # it ended before us: its own words say why
        except BaseException:
            # Half an input must not be taken for its end, which would commit it.
            _end(process)
            raise
        with suppress(BrokenPipeError):
            cast(IO[bytes], process.stdin).close()
        _require_done(process, told, "pg_restore")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        try:
            if stream is not None:
                stream.close()
        except BrokenPipeError:
            continue
    process.wait()


def _require_done(process: subprocess.Popen[bytes], told: IO[bytes], name: str) -> None:
    if process.wait() != 0:
        told.seek(0)
        words = told.read(2_000).decode(errors="replace").strip()
        raise ToolFailed(f"{name}: {words or process.returncode}")


@contextmanager
def scratch_database(server: str) -> Iterator[str]:
    """The URL of a new, empty database on that server, dropped afterwards; those of the dead are dropped first.

    Raises `NotPossible` where its role may not make databases.
    """
    name = SCRATCH + secrets.token_hex(6)
    with connect(server) as connection:
        connection.autocommit = True
        # Held while the database is in use: another process sees by it that we live.
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (name,))
        try:
            _drop_abandoned(connection)
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise NotPossible(
                "Tài khoản PostgreSQL không được tạo cơ sở dữ liệu thử: cấp CREATEDB, hoặc đặt backup_scratch.",
                "The PostgreSQL account may not make a scratch database: grant CREATEDB, or set backup_scratch.",
                name="no-scratch",
            ) from error
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _drop_abandoned(connection: psycopg.Connection) -> None:
    mine = "SELECT oid FROM pg_roles WHERE rolname = current_user"
    named = f"SELECT datname FROM pg_database WHERE starts_with(datname, %s) AND datdba = ({mine})"  # noqa: S608
    for (name,) in connection.execute(named, (SCRATCH,)).fetchall():
        free = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (name,)).fetchone()
        if free and free[0]:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
            connection.execute("SELECT pg_advisory_unlock(hashtext(%s))", (name,))


def folder_database(folder: Path, name: str = "scratch.db") -> str:
    return f"sqlite:///{folder / name}"
