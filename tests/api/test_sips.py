"""Packages are sent as raw bodies, and their way can be followed."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from archive_service.worker import drain
from tests.api.conftest import Client
from tests.archives import House
from tests.sending import another, packed

ZIP = {"Content-Type": "application/zip"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return packed(tmp_path_factory.mktemp("goi")).read_bytes()


def promise(data: bytes) -> dict[str, str]:
    return {"Repr-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"}


def fresh(tmp_path: Path, notation: str) -> bytes:
    return packed(tmp_path, another(notation)).read_bytes()


def staged(house: House) -> int:
    return len(list(house.archive.staging.list()))


def test_a_new_package_has_an_address_where_its_state_is_told(
    house: House, client: Client, tmp_path: Path
) -> None:
    data, producer = fresh(tmp_path, "41"), client("producer")
    named = {"Content-Disposition": "attachment; filename*=UTF-8''H%E1%BB%93.zip"}
    answer = producer.post("/api/v1/sips", content=data, headers={**ZIP, **promise(data), **named})
    assert answer.status_code == 202
    told = producer.get(answer.headers["Location"]).json()
    assert (told["state"], told["container_name"]) == ("received", "Hồ.zip")
    drain(house.archive)
    assert producer.get(answer.headers["Location"]).json()["state"] == "awaiting_decision"


def test_the_same_bytes_again_get_the_first_address(client: Client, package: bytes) -> None:
    producer = client("producer")
    first = producer.post("/api/v1/sips", content=package, headers=ZIP)
    again = producer.post("/api/v1/sips", content=package, headers=ZIP)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.headers["Location"] == again.headers["Location"]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("sha-256=:AAAA:", "digest-mismatch"),
        ("sha-256", "wrong-digest-header"),
        ("md5=:AAAA:", "wrong-digest-header"),
        ("=", "wrong-digest-header"),
    ],
)
def test_a_broken_promise_is_refused_and_nothing_is_kept(
    house: House, client: Client, tmp_path: Path, header: str, name: str
) -> None:
    before = staged(house)
    data = fresh(tmp_path, "42")
    answer = client("producer").post("/api/v1/sips", content=data, headers={**ZIP, "Repr-Digest": header})
    assert (answer.status_code, answer.json()["title"]) == (422, name)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert staged(house) == before


def test_multipart_is_never_taken(client: Client, package: bytes) -> None:
    answer = client("producer").post("/api/v1/sips", files={"file": package})
    assert answer.json()["title"] == "wrong-media-type"


def test_what_is_announced_as_too_large_is_refused_unread(client: Client) -> None:
    headers = {**ZIP, "Content-Length": str(1 << 50)}
    answer = client("producer").post("/api/v1/sips", content=iter([b"x"]), headers=headers)
    assert answer.status_code == 413


def test_without_a_token_nothing_is_answered(client: Client, house: House) -> None:
    stranger = TestClient(client("producer").app)
    for path in ("/api/v1/sips", "/api/v1/search", "/api/v1/me"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_a_reader_may_not_submit(client: Client, package: bytes) -> None:
    answer = client("reader").post("/api/v1/sips", content=package, headers=ZIP)
    assert answer.status_code == 403


def test_an_officer_of_another_unit_is_told_of_no_such_thing(
    house: House, client: Client, tmp_path: Path
) -> None:
    sent = client("producer").post("/api/v1/sips", content=fresh(tmp_path, "43"), headers=ZIP)
    drain(house.archive)
    hidden = client("other_officer").get(sent.headers["Location"])
    none = client("other_officer").get("/api/v1/sips/00000000-0000-7000-8000-000000000000")
    assert (hidden.status_code, hidden.json()) == (none.status_code, none.json())
    assert client("officer").get(sent.headers["Location"]).status_code == 200


def test_findings_are_told_in_the_language_asked_for(house: House, client: Client, tmp_path: Path) -> None:
    producer = client("producer")
    sent = producer.post("/api/v1/sips", content=fresh(tmp_path, "44"), headers=ZIP)
    drain(house.archive)
    address = sent.headers["Location"] + "/findings"
    vi, en = (producer.get(address, headers={"Accept-Language": each}).json() for each in ("vi", "en"))
    assert vi["items"][0]["type"].startswith("urn:vn-archive:finding:")
    assert vi["items"][0]["sentence"] != en["items"][0]["sentence"]


def test_a_list_goes_on_behind_its_last_item(client: Client) -> None:
    producer = client("producer")
    whole = [each["id"] for each in producer.get("/api/v1/sips").json()["items"]]
    found, cursor = [], None
    while True:
        page = producer.get(
            "/api/v1/sips", params={"limit": 2, **({"cursor": cursor} if cursor else {})}
        ).json()
        found += [each["id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == whole and len(whole) >= 3


def test_a_cursor_serves_no_other_person(client: Client) -> None:
    cursor = client("producer").get("/api/v1/sips?limit=1").json()["next"]
    answer = client("officer").get("/api/v1/sips", params={"limit": 1, "cursor": cursor})
    assert answer.json()["title"] == "wrong-cursor"


def test_no_route_decides_on_a_package(client: Client, house: House) -> None:
    """Accepting needs a person at a browser: the API has no way to it, whatever the token."""
    paths = client("officer").app.openapi()["paths"]  # type: ignore[attr-defined]
    posts = {path for path, routes in paths.items() if set(routes) - {"get"}}
    assert posts == {"/api/v1/sips"}
