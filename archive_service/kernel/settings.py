"""Settings: `archive.toml` and the environment (`ARCHIVE_…`, nested by `__`), the environment first.

A wrong setting is refused at start with its name and what was expected.
"""

from __future__ import annotations

import os
from datetime import datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from archive_service.kernel.errors import NotPossible


def _scheme(*allowed: str) -> AfterValidator:
    def check(value: str) -> str:
        if value not in allowed and urlsplit(value).scheme not in allowed:
            raise ValueError("expected " + " or ".join(filter(None, allowed)))
        return value

    return AfterValidator(check)


class Credentials(BaseModel):
    """Keys of one S3 identity, named by the storage roots that use it."""

    model_config = ConfigDict(extra="forbid")
    access_key: str
    secret_key: SecretStr


class Root(BaseModel):
    """One storage root: a folder (`file:///…`) or a bucket (`s3://bucket/prefix?endpoint=http://host:port`)."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
    url: Annotated[str, _scheme("file", "s3")]
    failure_domain: str
    role: Literal["primary", "replica", "offline"] = "replica"
    credentials: str | None = None
    delete_credentials: str | None = None


def _day(value: str) -> str:
    datetime.strptime(value, "%d/%m/%Y")
    return value


def _day_of_year(value: str) -> str:
    _day(f"{value}/2023")  # no leap year: what is not there every year is no day of every year
    return value


Day = Annotated[str, Field(pattern=r"^\d{2}/\d{2}/\d{4}$"), AfterValidator(_day)]
DayOfYear = Annotated[str, Field(pattern=r"^\d{2}/\d{2}$"), AfterValidator(_day_of_year)]
LunarDay = Annotated[str, Field(pattern=r"^([0-2][0-9]|30)/(0[1-9]|1[0-2])$")]


class OfficeHours(BaseModel):
    """Office hours of the receiving agency; what is not given stands as in the table of the regulations."""

    model_config = ConfigDict(extra="forbid")
    days: list[Annotated[int, Field(ge=1, le=7)]] | None = Field(default=None, min_length=1)
    spans: list[tuple[time, time]] | None = Field(default=None, min_length=1)
    holidays: list[DayOfYear] | None = None
    lunar_holidays: list[LunarDay] | None = None
    closed_days: list[Day] | None = None
    working_days: list[Day] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        ends = [each for span in self.spans or () for each in span]
        if any(a >= b for a, b in pairwise(ends)):
            raise ValueError("spans: expected times in order, each span after the one before")
        return self


class Settings(BaseSettings):
    """Everything that can be set. `docs/operating/settings.md` describes each; a test compares the two."""

    model_config = SettingsConfigDict(env_prefix="ARCHIVE_", env_nested_delimiter="__", extra="forbid")

    name: str = "Kho lưu trữ tài liệu điện tử"
    agency: str = "Lưu trữ cơ quan"
    support_line: str = "Bộ phận vận hành kho lưu trữ"
    language: Literal["vi", "en"] = "vi"
    data: Path = Path("var")
    database: Annotated[str, _scheme("", "sqlite", "postgresql+psycopg")] = ""
    search: Annotated[str, _scheme("embedded", "http", "https")] = "embedded"
    search_index: str = Field(default="archive", pattern=r"^[a-z][a-z0-9-]{0,40}$")
    search_username: str = ""
    search_password: SecretStr = SecretStr("")
    queue: Annotated[str, _scheme("in-process", "redis", "amqp")] = "in-process"
    malware: Annotated[str, _scheme("none", "clamd")] = "none"
    malware_max_bytes: int = Field(default=100 << 20, ge=1 << 20)
    staging: Annotated[str, _scheme("", "file", "s3")] = ""
    staging_credentials: str | None = None
    storage: list[Root] = []
    credentials: dict[str, Credentials] = {}
    required_copies: int = Field(default=2, ge=1, le=9)
    trust: list[Path] = []
    watch: Path | None = None
    watch_account: str | None = None
    max_upload_bytes: int = Field(default=20 << 30, ge=1 << 20)
    max_unpacked_bytes: int = Field(default=60 << 30, ge=1 << 20)
    max_files: int = Field(default=200_000, ge=10)
    workers: int = Field(default=2, ge=1, le=64)
    session_hours: int = Field(default=10, ge=1, le=24)
    password_minutes: int = Field(default=15, ge=1, le=60)
    grant_delay_hours: int = Field(default=24, ge=0)
    decision_days: int = Field(default=3, ge=1)
    office_hours: OfficeHours = OfficeHours()
    fixity_days: int = Field(default=90, ge=1)
    signature_days: int = Field(default=365, ge=1)
    run_objects: int = Field(default=2_000, ge=1)
    waiting_days: int = Field(default=7, ge=0)
    secure_cookies: bool = True
    demo: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, toml_file=config_file())
        return init_settings, env_settings, toml

    @model_validator(mode="after")
    def _fill_and_check(self) -> Self:
        self.data = self.data.absolute()
        self.database = self.database or f"sqlite:///{self.data / 'archive.db'}"
        self.staging = self.staging or (self.data / "staging").as_uri()
        self.storage = self.storage or [
            Root(id="kho-chinh", url=(self.data / "storage/1").as_uri(), failure_domain="1", role="primary"),
            Root(id="ban-sao", url=(self.data / "storage/2").as_uri(), failure_domain="2"),
        ]
        ids = [root.id for root in self.storage]
        if len(set(ids)) != len(ids):
            raise ValueError("storage: each root needs an id of its own")
        places = [*(root.url for root in self.storage), self.staging]
        if nested := sorted({a for n, a in enumerate(places) for b in places[n + 1 :] if _overlap(a, b)}):
            raise ValueError(
                f"storage, staging: expected places apart from each other, not {', '.join(nested)}"
            )
        # Two copies on one disk are one copy: the required number counts failure domains, not roots.
        if (
            len({root.failure_domain for root in self.storage if root.role != "offline"})
            < self.required_copies
        ):
            raise ValueError(f"storage: expected roots in at least {self.required_copies} failure domains")
        named = {n for r in self.storage for n in (r.credentials, r.delete_credentials)} | {
            self.staging_credentials
        }
        if unknown := sorted(name for name in named if name and name not in self.credentials):
            raise ValueError(f"credentials: no entry named {', '.join(unknown)}")
        return self


def _overlap(one: str, other: str) -> bool:
    """Whether two places are the same, or one lies in the other: two copies there would be one."""
    first, second = (urlsplit(url) for url in (one, other))
    if (first.scheme, first.netloc, first.query) != (second.scheme, second.netloc, second.query):
        return False
    a, b = (os.path.normpath(each.path.strip("/")) + "/" for each in (first, second))
    return a.startswith(b) or b.startswith(a) or "./" in (a, b)


def config_file() -> Path:
    return Path(os.environ.get("ARCHIVE_CONFIG", "archive.toml"))


def load_settings(**given: Any) -> Settings:
    """Reads the settings; raises `NotPossible` that names each wrong setting and what was expected."""
    known = {f"ARCHIVE_{name}".upper() for name in Settings.model_fields} | {"ARCHIVE_CONFIG"}
    prefixed = [
        name for name in os.environ if name.startswith("ARCHIVE_") and not name.startswith("ARCHIVE_TEST_")
    ]
    # A misspelt variable would silently leave the default in force.
    if strange := sorted(name for name in prefixed if name.split("__")[0] not in known):
        raise NotPossible(
            f"Cài đặt không có: {', '.join(strange)}.",
            f"No such setting: {', '.join(strange)}.",
            name="wrong-setting",
        )
    if "ARCHIVE_CONFIG" in os.environ and not config_file().is_file():
        # Without it the defaults would make another, empty archive.
        raise NotPossible(
            f"ARCHIVE_CONFIG: không có tệp {config_file()}.",
            f"ARCHIVE_CONFIG: expected a file, there is no {config_file()}.",
            name="wrong-setting",
        )
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])) or 'archive.toml'}: {e['msg']}" for e in error.errors()]
        raise NotPossible(
            "Cài đặt sai: " + "; ".join(lines), "Wrong setting: " + "; ".join(lines), name="wrong-setting"
        ) from error
