"""Reading over the API: what is given, to whom, with which headers, and that the log knew it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive_service.worker import drain
from preservation.audits.fixity import fixity_run
from preservation.bagit.check import check_bag
from preservation.models import Dossier
from tests.api.conftest import Client
from tests.archives import House
from tests.builders import CODE, BagBuilder
from tests.made import pdf
from tests.sending import another, files_of, packed, stored, verbs

FIRST = f"data/{CODE}.001.pdf"


@pytest.fixture(scope="module")
def dossier(house: House, tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    made = BagBuilder(files={FIRST: pdf("Kế hoạch chỉnh lý tài liệu")})
    found = stored(house, packed(tmp_path_factory.mktemp("goi"), made))
    drain(house.archive)
    return found


def test_a_file_is_an_attachment_that_nothing_runs(house: House, dossier: Dossier, client: Client) -> None:
    file = files_of(house, dossier.id)[f"{CODE}.001.pdf"]
    answer = client("reader").get(f"/api/v1/files/{file.id}/content")
    assert hashlib.sha256(answer.content).hexdigest() == file.sha256
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert verbs(house)[-1] == "file.downloaded"


def test_no_right_and_no_such_thing_are_the_same_answer(
    house: House, dossier: Dossier, client: Client
) -> None:
    file = files_of(house, dossier.id)[f"{CODE}.001.pdf"]
    nobody = client("administrator")
    for kind, key in (("files", file.id), ("dossiers", dossier.id), ("documents", file.document_id)):
        hidden, none = nobody.get(f"/api/v1/{kind}/{key}"), nobody.get(f"/api/v1/{kind}/{house.unit.id}")
        assert (hidden.status_code, hidden.json()) == (404, none.json())


def test_a_page_is_a_picture_and_its_text_can_be_read(house: House, dossier: Dossier, client: Client) -> None:
    file, reader = files_of(house, dossier.id)[f"{CODE}.001.pdf"], client("reader")
    picture = reader.get(f"/api/v1/files/{file.id}/pages/1?width=400")
    assert picture.headers["Content-Type"] == "image/png"
    assert "chỉnh lý" in reader.get(f"/api/v1/files/{file.id}/text").json()["pages"][0]


def test_the_export_is_a_bag_that_verifies(
    house: House, dossier: Dossier, client: Client, tmp_path: Path
) -> None:
    answer = client("reader").get(f"/api/v1/dossiers/{dossier.id}/export")
    zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path)
    (bag,) = tmp_path.iterdir()
    assert check_bag(bag).findings == []


def test_search_finds_words_of_the_text_and_goes_on_by_cursor(
    house: House, dossier: Dossier, client: Client
) -> None:
    reader = client("reader")
    found = reader.get("/api/v1/search", params={"q": "chinh ly"}).json()
    assert [each["dossier_id"] for each in found["items"]] == [str(dossier.id)]
    first = reader.get("/api/v1/search", params={"limit": 1}).json()
    second = reader.get("/api/v1/search", params={"limit": 1, "cursor": first["next"]}).json()
    assert first["items"][0]["id"] != second["items"][0]["id"]
    wrong = reader.get("/api/v1/search", params={"limit": 1, "q": "khác", "cursor": first["next"]})
    assert wrong.json()["title"] == "wrong-cursor"


def test_a_cursor_serves_nobody_else_and_not_altered(house: House, dossier: Dossier, client: Client) -> None:
    first = client("reader").get("/api/v1/search", params={"limit": 1}).json()["next"]
    altered = first[:-2] + ("AA" if first[-2:] != "AA" else "BB")
    for who, cursor in (("officer", first), ("reader", altered)):
        answer = client(who).get("/api/v1/search", params={"limit": 1, "cursor": cursor})
        assert (answer.status_code, answer.json()["title"]) == (422, "wrong-cursor"), who


def test_fonds_lead_to_dossiers_and_documents(house: House, dossier: Dossier, client: Client) -> None:
    reader = client("reader")
    fonds = reader.get("/api/v1/fonds").json()["items"][0]
    years = reader.get(f"/api/v1/fonds/{fonds['id']}/years").json()["items"]
    assert years[0]["year"] == 2020
    rows = reader.get(f"/api/v1/fonds/{fonds['id']}/dossiers?year=2020").json()["items"]
    assert str(dossier.id) in [row["id"] for row in rows]
    documents = reader.get(f"/api/v1/dossiers/{dossier.id}/documents").json()["items"]
    one = reader.get(f"/api/v1/documents/{documents[0]['id']}").json()
    assert [each["path"] for each in one["files"]] == ["submission/" + FIRST]


def test_a_year_beyond_every_number_has_no_dossier(house: House, dossier: Dossier, client: Client) -> None:
    address = f"/api/v1/fonds/{house.fonds.id}/dossiers"
    for year in (10**30, -1, 2**31):
        assert client("reader").get(address, params={"year": year}).json()["items"] == []


def test_a_reader_learns_no_totals_of_a_dossier_with_closed_documents(
    house: House, client: Client, tmp_path: Path
) -> None:
    made = another("51", document={"Mode": "Hạn chế"}, dossier={"TotalDoc": "3"})
    mixed = stored(house, packed(tmp_path, made))
    for who, told, declared in (("reader", None, None), ("officer", 3, "3")):
        shown = client(who).get(f"/api/v1/dossiers/{mixed.id}").json()
        assert shown["document_count"] == told
        assert shown["tags"].get("TotalDoc") == declared


def test_oversight_is_for_those_who_have_the_right(house: House, dossier: Dossier, client: Client) -> None:
    rights = {
        "/api/v1/fixity": "auditor",
        "/api/v1/incidents": "auditor",
        "/api/v1/log": "auditor",
        "/api/v1/jobs": "auditor",
        "/api/v1/retention/due": "records_manager",
        "/api/v1/retention/holds": "records_manager",
        "/api/v1/retention/destruction-lists": "records_manager",
        "/api/v1/people": "administrator",
    }
    for path, who in rights.items():
        assert client(who).get(path).status_code == 200, path
        assert client("reader").get(path).status_code == 403, path


def test_the_state_of_the_alarm_and_the_forecast_are_told(
    house: House, dossier: Dossier, client: Client
) -> None:
    before = client("auditor").get("/api/v1/fixity").json()
    assert before["alarm"] is None
    fixity_run(house.archive, early=True)
    after = client("auditor").get("/api/v1/fixity").json()
    assert after["alarm"]["alive"] and after["alarm"]["known"] == after["alarm"]["reported"] > 0
    oldest, ends = (datetime.fromisoformat(after[name]) for name in ("oldest", "round_ends"))
    assert ends == oldest + timedelta(days=after["days"])


def test_a_token_tells_for_whom_it_acts(client: Client) -> None:
    assert client("producer").get("/api/v1/me").json()["username"] == "producer"


def test_the_log_can_be_followed_by_a_client(house: House, dossier: Dossier, client: Client) -> None:
    items = client("auditor").get("/api/v1/log?limit=20").json()["items"]
    assert [hashlib.sha256(each["body"].encode()).hexdigest() for each in items] == [
        each["digest"] for each in items
    ]


def test_the_catalogue_tells_every_stable_name(client: Client) -> None:
    reader = client("reader")
    assert "urn:vn-archive:problem:missing" in [
        p["type"] for p in reader.get("/api/v1/problems").json()["items"]
    ]
    assert "identity-conflict" in [f["code"] for f in reader.get("/api/v1/findings").json()["items"]]
