"""Settings: `archive.toml` and the environment (`ARCHIVE_…`, nested by `__`), the environment first.

A wrong setting is refused at start with its name and what was expected.
"""

from __future__ import annotations

import os
import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificates
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from archive_service.kernel.addresses import Database, Malware, Place, PlaceOrDefault, Queue, Search
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.keystore.setting import KeystoreSettings
from archive_service.kernel.setting_tables import Incidents, Mail, Medium, Metrics, OfficeHours, Webhook


def _of_authorities(path: Path) -> Path:
    """Found out here, or else by the first signature weeks later."""
    try:
        load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        raise ValueError(f"expected a PEM file of certificates, {path} is none") from None
    return path


class Credentials(BaseModel):
    """Keys of one S3 identity, named by the storage roots that use it."""

    model_config = ConfigDict(extra="forbid")
    access_key: str
    secret_key: SecretStr


class Root(BaseModel):
    """One storage root: a folder (`file:///…`) or a bucket (`s3://bucket/prefix?endpoint=http://host:port`)."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
    url: Place
    name: str = ""
    failure_domain: str = Field(pattern=r"\S")
    role: Literal["primary", "replica", "offline"] = "replica"
    credentials: str | None = None
    delete_credentials: str | None = None
    encrypted: bool | None = None
    object_lock: Literal["none", "governance"] = "none"

    @model_validator(mode="after")
    def _lockable(self) -> Self:
        if self.object_lock != "none" and not (self.url.startswith("s3:") and self.delete_credentials):
            raise ValueError(
                f"object_lock: expected an s3:// root with delete_credentials, root {self.id} is none"
            )
        return self

    @property
    def sealed(self) -> bool:
        """Whether its dossiers are encrypted: what cannot be erased at will (a lock, a disk in a safe) can be shredded."""
        if self.encrypted is not None:
            return self.encrypted
        locked = self.object_lock != "none"
        return self.role == "offline" or locked

    @property
    def shown_name(self) -> str:
        """What pages call it."""
        return self.name or self.id


class Settings(BaseSettings):
    """Everything that can be set. `docs/operating/settings.md` describes each; a test compares the two."""

    model_config = SettingsConfigDict(env_prefix="ARCHIVE_", env_nested_delimiter="__", extra="forbid")

    name: str = "Kho lưu trữ tài liệu điện tử"
    agency: str = "Lưu trữ cơ quan"
    support_line: str = "Bộ phận vận hành kho lưu trữ"
    language: Literal["vi", "en"] = "vi"
    data: Path = Path("var")
    database: Database = ""
    search: Search = "embedded"
    search_index: str = Field(default="archive", pattern=r"^[a-z][a-z0-9-]{0,40}$")
    search_username: str = ""
    search_password: SecretStr = SecretStr("")
    queue: Queue = "in-process"
    malware: Malware = "none"
    malware_max_bytes: int = Field(default=100 << 20, ge=1 << 20)
    staging: PlaceOrDefault = ""
    staging_credentials: str | None = None
    storage: list[Root] = []
    credentials: dict[str, Credentials] = {}
    keystore: KeystoreSettings = KeystoreSettings()
    required_copies: int = Field(default=2, ge=1, le=9)
    trust: list[Annotated[Path, AfterValidator(_of_authorities)]] = []
    watch: Path | None = None
    watch_account: str | None = None
    max_upload_bytes: int = Field(default=20 << 30, ge=1 << 20)
    max_unpacked_bytes: int = Field(default=60 << 30, ge=1 << 20)
    max_files: int = Field(default=200_000, ge=10)
    workers: int = Field(default=2, ge=1, le=64)
    session_hours: int = Field(default=10, ge=1, le=24)
    password_minutes: int = Field(default=15, ge=1, le=15)
    grant_delay_hours: int = Field(default=24, ge=24, le=720)
    decision_days: int = Field(default=3, ge=1, le=3650)
    office_hours: OfficeHours = OfficeHours()
    lock_days: int = Field(default=90, ge=2, le=3650)
    fixity_days: int = Field(default=90, ge=1, le=3650)
    quick_days: int = Field(default=7, ge=1, le=3650)
    fixity_hours: tuple[time, time] | None = None
    fixity_mib_per_second: int = Field(default=0, ge=0)
    fixity_silent_hours: int = Field(default=36, ge=1, le=2160)
    repairs_a_day: int = Field(default=5, ge=0, le=1000)
    signature_days: int = Field(default=365, ge=1, le=3650)
    run_objects: int = Field(default=2_000, ge=1)
    waiting_days: int = Field(default=7, ge=0, le=3650)
    backup: list[Medium] = []
    backup_recipients: list[str] = []
    backup_days: int = Field(default=95, ge=32, le=3650)
    backup_scratch: Database = ""
    drill_days: int = Field(default=92, ge=1, le=3650)
    incidents: Incidents = Incidents()
    webhooks: list[Webhook] = []
    mail: Mail | None = None
    metrics: Metrics = Metrics()
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
        given = set(self.model_fields_set)
        self.data = self.data.absolute()
        if self.data.exists() and not self.data.is_dir():
            raise ValueError(f"data: expected a folder, {self.data} is a file")
        if (self.watch is None) != (self.watch_account is None):
            raise ValueError("watch, watch_account: expected both or neither")
        self.database = self.database or f"sqlite:///{self.data / 'archive.db'}"
        self.staging = self.staging or (self.data / "staging").as_uri()
        self.storage = self.storage or [
            Root(id="kho-chinh", url=(self.data / "storage/1").as_uri(), failure_domain="1", role="primary"),
            Root(id="ban-sao", url=(self.data / "storage/2").as_uri(), failure_domain="2"),
        ]
        ids = [root.id for root in self.storage]
        if len(set(ids)) != len(ids):
            raise ValueError("storage: each root needs an id of its own")
        if len({each.id for each in self.webhooks}) != len(self.webhooks):
            raise ValueError("webhooks: each needs an id of its own")
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
        self._check_backup(places)
        if all(root.sealed for root in self.storage):
            raise ValueError(
                "storage: expected at least one root with encrypted = false, readable without any key"
            )
        self.keystore = self.keystore.filled(self.data)
        named = (
            {m.credentials for m in self.backup}
            | {n for r in self.storage for n in (r.credentials, r.delete_credentials)}
            | {self.staging_credentials}
        )
        if unknown := sorted(name for name in named if name and name not in self.credentials):
            raise ValueError(f"credentials: no entry named {', '.join(unknown)}")
        self.model_fields_set.intersection_update(given)  # what is filled in here, nobody has set
        return self

    def _check_backup(self, places: list[str]) -> None:
        """Two sets, each on a medium of its own (TT 02/2019/TT-BNV, Điều 8.3), away from what they are backups of."""
        media = [medium.url for medium in self.backup]
        if media and len({medium.id for medium in self.backup}) < max(2, len(media)):
            raise ValueError("backup: expected at least two media, each with an id of its own")
        if media and not self.backup_recipients:
            raise ValueError("backup_recipients: expected the public keys that backups are sealed to")
        used = [*places, self.data.as_uri()]
        if self.database.startswith("sqlite:///"):
            used.append(Path(self.database.removeprefix("sqlite:///")).absolute().parent.as_uri())
        others = [
            other for n, url in enumerate(media) for other in (*used, *media[n + 1 :]) if _overlap(url, other)
        ]
        if others:
            raise ValueError(
                f"backup: expected media apart from each other and from {', '.join(sorted(set(others)))}"
            )


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
    _refuse_strange_variables()
    file = config_file()
    if not file.is_file() and ("ARCHIVE_CONFIG" in os.environ or file.exists()):
        # Without it the defaults would make another, empty archive.
        raise _wrong(f"ARCHIVE_CONFIG: expected a file, {file} is none")
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = error.errors()
        raise NotPossible(
            "Cài đặt sai: " + "; ".join(_fault(each, each["type"]) for each in faults),
            "Wrong setting: " + "; ".join(_fault(each, "") for each in faults),
            name="wrong-setting",
        ) from error
    except SettingsError as error:
        # An `ARCHIVE_STORAGE` that is no JSON; the message names the setting.
        raise _wrong(f"{error}: expected JSON") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(f"{file}: expected TOML in UTF-8: {error}") from error


#: What most mistakes are, by pydantic's names; all else is told as the check itself says it.
IN_VIETNAMESE = {
    "extra_forbidden": "không có cài đặt này",
    "missing": "chưa đặt",
    "int_parsing": "cần một số nguyên",
    "int_type": "cần một số nguyên",
    "bool_parsing": "cần true hoặc false",
    "string_type": "cần một chuỗi ký tự",
    "list_type": "cần một danh sách",
    "string_pattern_mismatch": "không đúng dạng",
}


def _fault(error: ErrorDetails, kind: str) -> str:
    """The setting and what is wrong with it; a check of several settings names them itself."""
    told = IN_VIETNAMESE.get(kind) or error["msg"].removeprefix("Value error, ")
    return ": ".join(filter(None, (".".join(map(str, error["loc"])), told)))


def _refuse_strange_variables() -> None:
    """A misspelt variable would silently leave the default in force."""
    known = {f"ARCHIVE_{name}".upper() for name in Settings.model_fields} | {"ARCHIVE_CONFIG"}
    tables = ("CREDENTIALS", "STORAGE", "OFFICE_HOURS", "INCIDENTS", "WEBHOOKS", "MAIL", "METRICS", "BACKUP")
    nested = tuple(f"ARCHIVE_{name}__" for name in (*tables, "KEYSTORE"))
    prefixed = [name for name in os.environ if name.upper().startswith("ARCHIVE_")]
    ours = [name for name in prefixed if not name.startswith("ARCHIVE_TEST_")]
    strange = sorted(n for n in ours if n.upper() not in known and not n.upper().startswith(nested))
    if strange:
        names = ", ".join(strange)
        raise NotPossible(f"Cài đặt không có: {names}.", f"No such setting: {names}.", name="wrong-setting")


def _wrong(told: str) -> NotPossible:
    return NotPossible(f"Cài đặt sai: {told}", f"Wrong setting: {told}", name="wrong-setting")
