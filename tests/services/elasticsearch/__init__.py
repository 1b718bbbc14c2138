"""A real Elasticsearch for tests: one node of the integration-test distribution with our shim plugin."""

from __future__ import annotations

import shutil
import stat
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.build import elasticsearch_home
from tests.services.process import (
    Server,
    Unavailable,
    free_port,
    other_user,
    program,
    running,
    scratch_folder,
)

NAME = "Elasticsearch"
HEAP = "512m"


@dataclass
class Elasticsearch:
    port: int
    server: Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.server.kill()

    def start(self) -> None:
        self.server.start()


def _is_ready(port: int) -> bool:
    address = f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=yellow&timeout=2s"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _configure(home: Path, folder: Path, port: int) -> dict[str, str]:
    """Write the node's own configuration; the environment that points the server at it."""
    config, temporary = folder / "config", folder / "tmp"
    config.mkdir()
    temporary.mkdir()
    shutil.copy(home / "config" / "log4j2.properties", config)
    options = (home / "config" / "jvm.options").read_text().splitlines()
    # No garbage collector logs and heap dumps below the shared distribution.
    kept = [line for line in options if not line.startswith("-Xlog:gc") and "HeapDump" not in line]
    (config / "jvm.options").write_text("\n".join(kept) + "\n")
    settings = {
        "cluster.name": "archive-test",
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": port,
        "transport.port": free_port(),
        "path.data": folder / "data",
        "path.logs": folder / "logs",
        "xpack.security.enabled": "false",
        "action.auto_create_index": "false",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    (config / "elasticsearch.yml").write_text(
        "".join(f"{name}: {value}\n" for name, value in settings.items())
    )
    java_home = Path(program("java")).resolve().parent.parent
    return {
        "ES_JAVA_HOME": str(java_home),
        "ES_PATH_CONF": str(config),
        "ES_TMPDIR": str(temporary),
        "ES_JAVA_OPTS": f"-Xms{HEAP} -Xmx{HEAP}",
        "HOME": str(folder),
    }


def _reachable_home(folder: Path, user: str | None) -> Path:
    """The distribution, copied when the server's user cannot enter a folder above it (root's home is closed)."""
    home = elasticsearch_home()
    if not (home / ".ready").exists():
        raise Unavailable("its distribution is not built")
    open_to_all = all(each.stat().st_mode & stat.S_IXOTH for each in home.parents)
    if user is None or open_to_all:
        return home
    return Path(shutil.copytree(home, folder / "distribution", symlinks=True))


def _give_to(user: str | None, folder: Path) -> None:
    if user is not None:
        for each in (folder, *folder.rglob("*")):
            shutil.chown(each, user)


@contextmanager
def start() -> Iterator[Elasticsearch]:
    program("java")
    user = other_user("nobody")  # it refuses to run as root
    with scratch_folder() as folder:
        home, port = _reachable_home(folder, user), free_port()
        env = _configure(home, folder, port)
        _give_to(user, folder)
        command = [str(home / "bin" / "elasticsearch")]
        server = Server(NAME, command, folder, lambda: _is_ready(port), user=user, env=env, patience_s=180)
        with running(server):
            yield Elasticsearch(port, server)
