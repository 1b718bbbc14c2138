"""What comes by Maven coordinates, built into ignored `target` folders: `python -m tests.services.build`.

`python -m tests.services.build rocfl versitygw` also builds a judge in Rust and an S3 server in Go, which takes minutes:
for `make test-deep` alone.
Standard library only, so that it also runs before the environment is there. Does nothing when all is built.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SERVICES = Path(__file__).parent
JUDGES = SERVICES.parent / "judges"
JUDGE_NAMES = ("ocfl-java", "bagit-java", "verapdf")
ELASTICSEARCH = SERVICES / "elasticsearch"
PLUGIN = "archive-test-shim"
ROCFL = "rocfl"
ROCFL_VERSION = "1.7.0"
VERSITYGW = "versitygw"
VERSITYGW_VERSION = "1.8.0"
GO_S_OWN_PLACE = "/usr/local/go/bin"


def elasticsearch_version() -> str:
    found = re.search(r"<es\.version>(.+?)</es\.version>", (ELASTICSEARCH / "pom.xml").read_text())
    assert found is not None
    return found[1]


def elasticsearch_home() -> Path:
    """The unpacked distribution; complete when it holds the file `.ready`."""
    return ELASTICSEARCH / "target" / f"elasticsearch-{elasticsearch_version()}"


def is_built(stamp: Path, sources: list[Path]) -> bool:
    return stamp.exists() and all(source.stat().st_mtime <= stamp.stat().st_mtime for source in sources)


def _maven(folder: Path) -> None:
    subprocess.run(["mvn", "-B", "-q", "package"], cwd=folder, check=True, stdin=subprocess.DEVNULL)


def build_elasticsearch() -> None:
    """Unpack the distribution and compile the shim plugin into it."""
    home, sources = elasticsearch_home(), ELASTICSEARCH / "shim"
    if is_built(home / ".ready", [ELASTICSEARCH / "pom.xml", *sources.iterdir()]):
        return
    shutil.rmtree(ELASTICSEARCH / "target", ignore_errors=True)
    _maven(ELASTICSEARCH)
    plugin, classes = home / "plugins" / PLUGIN, ELASTICSEARCH / "target" / "classes"
    plugin.mkdir(parents=True)
    java = ["javac", "--release", "17", "-nowarn", "-d", str(classes), "-cp", f"{home}/lib/*"]
    subprocess.run([*java, *map(str, sources.glob("*.java"))], check=True)
    subprocess.run(
        ["jar", "--create", "--file", str(plugin / "shim.jar"), "-C", str(classes), "."], check=True
    )
    descriptor = (sources / "plugin-descriptor.properties").read_text()
    (plugin / "plugin-descriptor.properties").write_text(descriptor.replace("@ES@", elasticsearch_version()))
    # The server runs as another user, and a zip keeps no rights to execute.
    subprocess.run(["chmod", "-R", "a+rX", str(home)], check=True)
    subprocess.run(["chmod", "a+x", *map(str, (home / "bin").iterdir())], check=True)
    (home / ".ready").touch()


def build_judge(name: str) -> None:
    folder = JUDGES / name
    stamp = folder / "target" / ".ready"
    if is_built(stamp, [each for each in folder.rglob("*") if each.is_file() and "target" not in each.parts]):
        return
    _maven(folder)
    stamp.touch()


def rocfl_program() -> Path:
    return JUDGES / ROCFL / "target" / ROCFL_VERSION / "bin" / "rocfl"


def build_rocfl() -> None:
    """The published crate with the versions that its author locked, without its S3 part."""
    if rocfl_program().exists():
        return
    target = JUDGES / ROCFL / "target"
    words = [
        "cargo",
        "install",
        ROCFL,
        "--version",
        ROCFL_VERSION,
        "--no-default-features",
        "--locked",
        "--quiet",
    ]
    places = ["--root", str(target / ROCFL_VERSION), "--target-dir", str(target / "build")]
    subprocess.run([*words, *places], check=True, stdin=subprocess.DEVNULL)


def versitygw_program() -> Path:
    return SERVICES / VERSITYGW / "target" / VERSITYGW_VERSION / VERSITYGW


def build_versitygw() -> None:
    """The published module with the versions that its authors pinned, which Go checks by their digests."""
    program = versitygw_program()
    if program.exists():
        return
    go = shutil.which("go", path=os.pathsep.join((os.environ.get("PATH", ""), GO_S_OWN_PLACE)))
    if go is None:
        raise SystemExit("Go is needed to build versitygw: put it on the PATH")
    module = f"github.com/versity/versitygw/cmd/versitygw@v{VERSITYGW_VERSION}"
    place = {**os.environ, "GOBIN": str(program.parent)}
    subprocess.run([go, "install", module], env=place, check=True, stdin=subprocess.DEVNULL)


def main(wanted: list[str]) -> int:
    build_elasticsearch()
    for name in JUDGE_NAMES:
        build_judge(name)
    if ROCFL in wanted:
        build_rocfl()
    if VERSITYGW in wanted:
        build_versitygw()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
