"""A real S3 server for tests: SeaweedFS in one process, with the defaults that hurt switched off."""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.services.process import SECOND_PORT_OFFSET, Server, free_port, program, running, scratch_folder

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NAME = "S3 (SeaweedFS)"
ACCESS_KEY, SECRET_KEY, REGION = "archive", "only-for-tests-7f3a", "us-east-1"


@dataclass
class S3:
    """`endpoint`, `access_key` and `secret_key` are what a client needs; the identity may do everything."""

    endpoint: str
    folder: Path
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    region: str = REGION
    server: Server = field(init=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @cached_property
    def client(self) -> S3Client:
        """A client that never tries again, so that a fault is seen at once."""
        client: S3Client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=2,
                read_timeout=10,
                s3={"addressing_style": "path"},
            ),
        )
        return client

    def new_bucket(self, versioning: bool = False, lock: bool = False) -> str:
        """The name of a new empty bucket. Object Lock brings versioning with it, as S3 demands."""
        name = f"test-{next(self._numbers)}"
        self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
        if versioning and not lock:
            self.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def ready(self) -> bool:
        """A real put and get: for seconds after a start the server answers and yet loses requests."""
        try:
            if "ready" not in (bucket["Name"] for bucket in self.client.list_buckets()["Buckets"]):
                self.client.create_bucket(Bucket="ready")
            self.client.put_object(Bucket="ready", Key="key", Body=b"value")
            return self.client.get_object(Bucket="ready", Key="key")["Body"].read() == b"value"
        except (BotoCoreError, ClientError):
            return False

    def kill(self) -> None:
        self.server.kill()

    def start(self) -> None:
        self.server.start()


def _command(weed: str, folder: Path, s3_port: int) -> list[str]:
    identity = {"credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]}
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [{"name": "admin", "actions": ["Admin"], **identity}]}))
    # One by one, each chosen before it is bound: two equal ones would be rare, and the start would fail.
    master, volume, filer = (free_port() for _ in range(3))
    return [
        weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-master.port={master}", f"-volume.port={volume}", "-volume.preStopSeconds=1",
        # A bucket takes seven volumes. Left to itself (0) the server allows as many as would fit if each were full,
        # and on a disk with 45 GB free every put into the hundredth bucket was answered 500.
        "-volume.max=5000",
        "-master.volumeSizeLimitMB=64",
        "-master.electionTimeout=1s", "-master.telemetry=false",
        "-filer", f"-filer.port={filer}", "-filer.disableHttp",
        "-s3", f"-s3.port={s3_port}", f"-s3.config={config}",
        # Else a misspelt bucket is created by a put, and a full one is deleted.
        "-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false",
        "-s3.port.iceberg=0", "-s3.port.lance=0",
    ]  # fmt: skip


def _sweep_sockets(command: Sequence[str]) -> None:
    """It opens a socket beside each port, always in /tmp, and a killed one leaves them there."""
    for port in re.findall(r"\.port=(\d{5})", " ".join(command)):
        for each in (int(port), int(port) + SECOND_PORT_OFFSET):
            for path in Path("/tmp").glob(f"seaweedfs-*-{each}.sock"):
                path.unlink(missing_ok=True)


@contextmanager
def start() -> Iterator[S3]:
    with scratch_folder() as folder, start_in(folder) as s3:
        yield s3


@contextmanager
def start_in(folder: Path) -> Iterator[S3]:
    """One that keeps everything in `folder`."""
    weed = program("weed", folders=[str(Path(sys.executable).parent)])
    port = free_port()
    s3 = S3(f"http://127.0.0.1:{port}", folder)
    s3.server = Server(NAME, _command(weed, folder, port), folder, s3.ready)
    try:
        with running(s3.server):
            yield s3
    finally:
        _sweep_sockets(s3.server.command)
