"""The container files without an engine: schema, references, lint, and that they speak of what the code has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.settings import load_settings
from tests.services.build import elasticsearch_version

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("init", "api", "worker", "beat")


def compose_faults(compose: dict[str, Any]) -> list[str]:
    """References to services, volumes and networks that are not declared."""
    faults = []
    for name, service in compose["services"].items():
        faults += [
            f"{name}: service {n}" for n in service.get("depends_on", {}) if n not in compose["services"]
        ]
        faults += [f"{name}: network {n}" for n in service["networks"] if n not in compose["networks"]]
        volumes = [volume.split(":")[0] for volume in service.get("volumes", [])]
        faults += [f"{name}: volume {n}" for n in volumes if n not in compose["volumes"]]
    return faults


def _environment(compose_text: str) -> dict[str, str]:
    """What the api container would see, each demanded secret filled in."""
    filled = yaml.safe_load(re.sub(r"\$\{(\w+):\?[^}]*\}", r"secret\1", compose_text))
    return {**filled["services"]["api"]["environment"]}


def test_it_follows_the_compose_specification() -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    run = subprocess.run([*command, str(ROOT / "docker-compose.yml")], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_what_it_refers_to_exists() -> None:
    assert compose_faults(COMPOSE) == []


def test_a_reference_to_nothing_is_found() -> None:
    broken = {"services": {"api": {"depends_on": ["db"], "networks": ["n"], "volumes": ["v:/x"]}}}
    assert compose_faults(broken | {"networks": {}, "volumes": {}}) == [
        "api: service db",
        "api: network n",
        "api: volume v",
    ]


def test_whoever_is_waited_for_has_a_health_check() -> None:
    awaited = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert awaited
    assert [name for name in awaited if "healthcheck" not in SERVICES[name]] == []


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"init"}))
def test_each_service_is_bounded_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert service["cap_drop"] == ["ALL"]


def test_only_the_pages_are_reachable_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["api"]
    assert COMPOSE["networks"]["inside"]["internal"]
    assert {name for name, service in SERVICES.items() if service["networks"] != ["inside"]} == {
        "api",
        "clamav",
    }


def test_no_password_has_a_default() -> None:
    assert re.findall(r"(?<!\$)\$\{\w+\}|\$\{\w+:-", TEXT) == []
    secrets = re.findall(r"^ +\w*(?:PASSWORD|SECRET_KEY|AUTH|ACCESS_KEY\w*): (.+)$", TEXT, re.MULTILINE)
    assert len(secrets) >= 6
    assert [value for value in secrets if not re.fullmatch(r"\$\{\w+:\?[^}]+\}", value)] == []


def test_images_have_short_names_and_a_version() -> None:
    images = {name: service["image"] for name, service in SERVICES.items()}
    assert [image for image in images.values() if not re.fullmatch(r"([a-z]+/)?[a-z-]+:[\d.]+", image)] == []
    assert images["elasticsearch"] == f"elasticsearch:{elasticsearch_version()}"


def _load(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)  # away from an archive.toml of this machine
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_its_environment_is_a_right_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = _load(monkeypatch, _environment(TEXT), tmp_path)
    assert settings.database.startswith("postgresql+psycopg://archive:secretPOSTGRES_PASSWORD@postgres:")
    assert [root.failure_domain for root in settings.storage] == ["disk", "s3"]
    assert settings.credentials["s3"].secret_key.get_secret_value() == "secretS3_SECRET_KEY"


def test_a_variable_that_is_no_setting_would_be_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(NotPossible, match="ARCHIVE_SERCH"):
        _load(monkeypatch, _environment(TEXT.replace("ARCHIVE_SEARCH:", "ARCHIVE_SERCH:")), tmp_path)


def test_addresses_name_services_of_this_file() -> None:
    hosts = re.findall(
        r"(?:@|clamd://|endpoint=http://)([a-z0-9]+):\d+", " ".join(_environment(TEXT).values())
    )
    assert sorted(hosts) == ["clamav", "elasticsearch", "postgres", "redis", "s3"]
    assert set(hosts) <= set(SERVICES)


def test_its_commands_and_their_options_exist() -> None:
    for name in OURS:
        command, *options = SERVICES[name]["command"]
        run = subprocess.run([BIN / "archive", command, "--help"], capture_output=True, text=True, cwd=ROOT)
        assert run.returncode == 0, run.stderr
        assert [option for option in options if option.startswith("--") and option not in run.stdout] == []


def test_the_dockerfile_is_clean() -> None:
    run = subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "")


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    assert all(SERVICES[name]["read_only"] for name in OURS)


def test_the_image_uses_the_installer_of_the_makefile() -> None:
    pinned = re.search(r"UV_VERSION := (\S+)", (ROOT / "Makefile").read_text())
    assert pinned is not None
    assert f"uv=={pinned[1]} " in (ROOT / "Dockerfile").read_text()
