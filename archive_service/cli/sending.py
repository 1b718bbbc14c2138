"""`submit` and `export`: a package to an archive over HTTP, a dossier out of this one."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import httpx
import typer

from archive_service.cli.frame import AsJson, both, language, opened, report, require_path, severity_word
from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.digests import chunks, digest_file
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.findings import Severity
from ingest.models import SipState
from ingest.unpack import FOLDER, ContainerFault, media_type
from preservation.reading.dips import export_dossier

ADDRESS = "/api/v1/sips"
STATES = {
    "received": ("đã đến, chờ kiểm tra", "received, to be checked"),
    "checking": ("đang kiểm tra", "being checked"),
    "awaiting_decision": ("đã kiểm tra, chờ lưu trữ viên quyết định", "checked; an officer decides"),
    "accepted": ("đã tiếp nhận, đang lưu", "accepted, being stored"),
    "stored": ("đã lưu trữ", "stored"),
    "returned": ("trả lại để hoàn thiện", "returned for completion"),
    "refused": ("từ chối nhận", "refused"),
    "duplicate": ("trùng với gói đã có", "a duplicate of what is here"),
}
UNSETTLED = (SipState.received, SipState.checking)
CONNECT_SECONDS, SILENT_SECONDS = 10, 600
"""Committing a large package to storage may take minutes after its last byte."""


def submit(
    path: Path,
    url: Annotated[str, typer.Option(envvar="SUBMIT_URL", help="https://archive.example")],
    token: Annotated[
        str, typer.Option(envvar="SUBMIT_TOKEN", help="Better by SUBMIT_TOKEN than on the command line.")
    ],
    wait: Annotated[bool, typer.Option(help="Wait until it was checked.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send a package (zip, tar, tar.gz). Again: nothing is taken twice. Exit code 1 when --wait ends with errors."""
    require_path(path)
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": language()}
    timeout = httpx.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS)
    with httpx.Client(base_url=url, headers=headers, timeout=timeout) as client:
        answer = _asked(client, "POST", ADDRESS, content=_blocks(path), headers=_about(path))
        address, found = answer.headers["Location"], answer.json()
        if wait:
            found |= _judged(client, address)
    shown = {"address": str(httpx.URL(url).join(address)), "known": answer.status_code == 200, **found}
    known = both(" (đã nhận trước đó)", " (known already)") if shown["known"] else ""
    lines = [f"{shown['address']}{known}", both("Trạng thái: ", "State: ") + _in_words(found["state"])]
    lines += [
        f"{severity_word(Severity(each['severity']))} [{each['code']}] {each['sentence']} {each['remedy']}".rstrip()
        for each in found.get("findings", ())
    ]
    refused = found["state"] in (SipState.refused, SipState.duplicate) or bool(found.get("errors"))
    report(shown, lines, as_json=as_json, good=not refused)


def _judged(client: httpx.Client, address: str) -> dict[str, Any]:
    """The submission and its findings, once it was checked. What was known already may be settled at once."""
    while (found := _asked(client, "GET", address).json())["state"] in UNSETTLED:
        time.sleep(2)
    return {**found, "findings": _asked(client, "GET", f"{address}/findings").json()["items"]}


def _in_words(state: str) -> str:
    """A state that this version does not know is told as the archive said it."""
    return both(*STATES.get(state, (state, state)))


def _about(path: Path) -> dict[str, str]:
    try:
        kind = media_type(path)
    except ContainerFault:
        kind = ""
    if kind in ("", FOLDER):
        raise NotPossible(
            f"{path.name}: gửi một tệp .zip, .tar hoặc .tar.gz (`archive sip build … -o goi.zip`).",
            f"{path.name}: send a .zip, .tar or .tar.gz file (`archive sip build … -o package.zip`).",
            name="wrong-media-type",
        )
    digest = bytes.fromhex(digest_file(path, "sha256").hex("sha256"))
    return {
        "Content-Type": kind,
        "Content-Length": str(path.stat().st_size),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}",
        "Repr-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
    }


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from chunks(stream)


def _asked(client: httpx.Client, method: str, address: str, **more: Any) -> httpx.Response:
    try:
        answer = client.request(method, address, **more)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotPossible(
            f"Không kết nối được {client.base_url}: {error}", f"{client.base_url} cannot be reached: {error}"
        ) from error
    if answer.is_success:
        return answer
    if answer.status_code == httpx.codes.UNAUTHORIZED:  # "sign in" is for pages
        raise NotPossible(
            "Kho không nhận mã truy cập: sai, đã hết hạn hoặc đã bị thu hồi.",
            "The archive does not take the token: it is wrong, has expired or was revoked.",
        )
    try:
        told = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        told = f"HTTP {answer.status_code}"
    raise NotPossible(told, told)


def export(
    dossier: Annotated[UUID, typer.Argument(help="The dossier's id.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="A folder, .zip, .tar or .tar.gz.")],
    as_json: AsJson = False,
) -> None:
    """Write a whole dossier as a bag that verifies. It is recorded in the log as done by the operator."""
    with opened() as archive:
        parcel = export_dossier(archive, OPERATOR, dossier, out)
    told = {"out": str(out), "code": parcel.dossier.code, "files": len(parcel.files)}
    report(
        told, [f"{out}: {parcel.dossier.code}, {len(parcel.files)} " + both("tệp", "files")], as_json=as_json
    )
