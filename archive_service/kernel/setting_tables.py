"""The tables of `archive.toml` beside storage roots: office hours, backup media, incidents and their alarms, metrics."""

from __future__ import annotations

from datetime import datetime, time
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, model_validator

from archive_service.kernel.addresses import Place


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


class Medium(BaseModel):
    """Where one of the backup sets lies: a folder on a disk of its own, or a bucket elsewhere."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
    url: Place
    label: str = ""
    credentials: str | None = None


class Incidents(BaseModel):
    """By which rules incidents are reported, and to whom."""

    model_config = ConfigDict(extra="forbid")
    superior: str = ""
    authority: str = ""
    province: Literal["", "nam-dinh", "soc-trang", "tuyen-quang"] = ""
    security_level: int = Field(default=2, ge=1, le=5)


class Webhook(BaseModel):
    """One receiver of alarms. Only this address is ever called; a redirect is not followed."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
    url: str = Field(pattern=r"^https?://[^\s/@]+(/\S*)?$")
    secret: SecretStr = Field(min_length=16)


class Mail(BaseModel):
    """The server that takes alarms as letters, and who gets them."""

    model_config = ConfigDict(extra="forbid")
    host: str = Field(pattern=r"\S")
    port: int = Field(default=587, ge=1, le=65535)
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    to: list[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]] = Field(min_length=1)


class Metrics(BaseModel):
    """Who may read `/metrics`: whoever has the token, or asks from one of these addresses. Neither: nobody."""

    model_config = ConfigDict(extra="forbid")
    token: SecretStr | None = Field(default=None, min_length=16)
    addresses: list[IPvAnyNetwork] = []
