"""A large file to S3 and back, against the plain boto3 transfer of the same bytes with its own settings."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
from boto3.s3.transfer import S3Transfer
from botocore.config import Config

from archive_service.kernel.objects import open_store
from benchmarks.measure import Ratio, compare
from tests.services import s3

MEGABYTES = 256


def run() -> list[Ratio]:
    with TemporaryDirectory() as folder, s3.start() as server:
        here = Path(folder)
        source, back = here / "source", here / "back"
        source.write_bytes(os.urandom(MEGABYTES << 20))
        bucket = server.new_bucket()
        keys = {"access_key": server.access_key, "secret_key": server.secret_key}
        store = open_store(f"s3://{bucket}?endpoint={server.endpoint}", **keys)
        transfer = _transfer(server)

        def ours() -> None:
            store.put("ours", source)
            with store.open("ours") as stream, back.open("wb") as file:
                shutil.copyfileobj(stream, file, 1 << 20)
            store.delete("ours")  # else the disk of the server fills with the turns

        def peer() -> None:
            transfer.upload_file(str(source), bucket, "peer")
            transfer.download_file(bucket, "peer", str(back))
            server.client.delete_object(Bucket=bucket, Key="peer")

        what = f"{MEGABYTES} MB to S3 (SeaweedFS beside it) and back, SHA-256 of each part"
        return [compare(what, ours, peer, "boto3 transfer with its defaults")]


def _transfer(server: s3.S3) -> S3Transfer:
    """As `boto3.client("s3")` gives it, but for the address."""
    return S3Transfer(
        boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
            region_name=server.region,
            config=Config(s3={"addressing_style": "path"}),
        )
    )
