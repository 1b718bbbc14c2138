"""A second real S3 server for tests: versitygw over a folder. It stores keys as paths, which SeaweedFS does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.build import versitygw_program
from tests.services.process import Server, Unavailable, free_port, running, scratch_folder
from tests.services.s3 import ACCESS_KEY, REGION, S3, SECRET_KEY

NAME = "S3 (versitygw)"


def _command(folder: Path, port: int) -> list[str]:
    buckets, versions = folder / "buckets", folder / "versions"
    for each in (buckets, versions):
        each.mkdir()
    listening = ["--quiet", "--region", REGION, "--port", f"127.0.0.1:{port}"]
    return [str(versitygw_program()), *listening, "posix", "--versioning-dir", str(versions), str(buckets)]


@contextmanager
def start() -> Iterator[S3]:
    if not versitygw_program().exists():
        raise Unavailable("not built: make services-deep")
    with scratch_folder() as folder:
        port = free_port()
        s3 = S3(f"http://127.0.0.1:{port}", folder)
        keys = {"ROOT_ACCESS_KEY_ID": ACCESS_KEY, "ROOT_SECRET_ACCESS_KEY": SECRET_KEY}
        s3.server = Server(NAME, _command(folder, port), folder, s3.ready, env=keys)
        with running(s3.server):
            yield s3
