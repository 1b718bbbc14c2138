"""The stacks an archive stands on, and equal copies of one archive: a kill test spoils one at each step."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from elasticsearch import Elasticsearch
from psycopg import sql
from sqlalchemy import select

from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.clock import MovableClock
from archive_service.kernel.settings import Credentials, Root, Settings
from archive_service.work import Archive
from preservation.models import Dossier
from preservation.reading.find import index_dossier
from search.elastic import ElasticIndex
from tests.archives import House, make_house
from tests.faults.warm import WarmSandbox
from tests.services.postgres import Postgres
from tests.services.s3 import S3

BASE = "base"


@dataclass(frozen=True)
class Opening:
    """What another process needs to open an archive; it can be pickled."""

    settings: Settings
    now: datetime
    sandbox: WarmSandbox

    def __call__(self) -> Archive:
        archive = Archive(self.settings, MovableClock(self.now))
        archive.__dict__["sandbox"] = self.sandbox
        if isinstance(archive.index, ElasticIndex):
            # Whoever closed the index to writers was killed: no need to wait a minute for its end.
            archive.index._indices._patience = 1.0
        return archive


@dataclass
class Embedded:
    """SQLite, folders and the embedded index below `folder`, one folder a copy."""

    folder: Path
    sandbox: WarmSandbox
    house: House = field(init=False)
    stride: ClassVar[int] = 1
    """How many times fewer steps `make test` takes here: one costs seconds on the real services."""

    def settings(self, name: str) -> dict[str, Any]:
        return {}

    def build(self) -> House:
        """The archive that copies are made of."""
        self.house = make_house(self.folder / BASE, **self.settings(BASE))
        self.house.archive.__dict__["sandbox"] = self.sandbox
        return self.house

    def copy(self, name: str) -> None:
        """An archive equal to the built one, which must be closed."""
        shutil.copytree(self.folder / BASE, self.folder / name)

    def drop(self, name: str) -> None:
        shutil.rmtree(self.folder / name)

    def opening(self, name: str, *, hours: int = 0) -> Opening:
        """The copy as a process opens it, `hours` after the built one was closed."""
        settings = Settings(data=self.folder / name / "var", **self.settings(name))
        return Opening(settings, self.house.clock.now() + timedelta(hours=hours), self.sandbox)

    def open(self, name: str, *, hours: int = 0) -> Archive:
        return self.opening(name, hours=hours)()

    def people_of(self, archive: Archive) -> House:
        """The people of the built archive, at work in a copy."""
        assert isinstance(archive.clock, MovableClock)
        return replace(self.house, archive=archive, clock=archive.clock)


@dataclass
class Encrypted(Embedded):
    """As `Embedded`, and the second root is encrypted: its keystore lies below `folder` too."""

    def settings(self, name: str) -> dict[str, Any]:
        def root(number: int, root_id: str, *, encrypted: bool) -> Root:
            url = (self.folder / name / "var/storage" / str(number)).as_uri()
            return Root(id=root_id, url=url, failure_domain=str(number), encrypted=encrypted)

        return {"storage": [root(1, "kho-chinh", encrypted=False), root(2, "ban-sao", encrypted=True)]}


@dataclass
class Services(Embedded):
    """PostgreSQL, S3 and Elasticsearch; only keys and scratch lie below `folder`."""

    postgres: Postgres
    s3: S3
    search: str
    bucket: str = field(init=False)
    stride: ClassVar[int] = 5

    def __post_init__(self) -> None:
        self.bucket = self.s3.new_bucket()

    def settings(self, name: str) -> dict[str, Any]:
        def place(part: str) -> str:
            return f"s3://{self.bucket}/{name}/{part}?endpoint={self.s3.endpoint}"

        def root(number: str, root_id: str) -> Root:
            return Root(id=root_id, url=place(number), failure_domain=number, credentials="s3")

        keys = Credentials(access_key=self.s3.access_key, secret_key=self.s3.secret_key)  # type: ignore[arg-type]
        return {
            "database": self.postgres.url_of(self._named(name)),
            "search": self.search,
            "search_index": self._named(name),
            "staging": place("staging"),
            "staging_credentials": "s3",
            "storage": [root("1", "kho-chinh"), root("2", "ban-sao")],
            "credentials": {"s3": keys},
        }

    def _named(self, name: str) -> str:
        return f"{self.bucket}-{name}"

    def build(self) -> House:
        self._say("CREATE DATABASE {}", BASE)
        return super().build()

    def copy(self, name: str) -> None:
        super().copy(name)
        template = sql.Identifier(self._named(BASE))
        self.postgres.say(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(self._named(name)), template)
        )
        for key, data in self._objects.items():
            self.s3.client.put_object(Bucket=self.bucket, Key=name + key, Body=data)
        archive = self.open(name)
        with archive.look(THE_ARCHIVE) as work:
            dossiers = work.session.scalars(select(Dossier.id)).all()
        for dossier_id in dossiers:
            index_dossier(archive, str(dossier_id))
        archive.close()

    @cached_property
    def _objects(self) -> dict[str, bytes]:
        """Key below the built archive's place → its bytes."""
        found = self.s3.client.list_objects_v2(Bucket=self.bucket, Prefix=f"{BASE}/").get("Contents", ())
        keys = [each["Key"] for each in found if "/deposit/" not in each["Key"]]
        bodies = (self.s3.client.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys)
        return {key.removeprefix(BASE): body for key, body in zip(keys, bodies, strict=True)}

    def drop(self, name: str) -> None:
        super().drop(name)
        self._say("DROP DATABASE {} WITH (FORCE)", name)
        with Elasticsearch(self.search) as client:
            for index in client.indices.get_alias(index=f"{self._named(name)}-g-*").body:
                client.indices.delete(index=index)

    def _say(self, statement: str, name: str) -> None:
        self.postgres.say(sql.SQL(statement).format(sql.Identifier(self._named(name))))
