"""A dossier leaves as a bag that others can verify."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import bagit
import pytest

from archive_service.kernel.errors import Missing, NotPossible, TryLater
from preservation.bagit.check import check_bag
from preservation.models import Dossier
from preservation.ocfl.store import content_key, read_inventory
from preservation.reading.dips import export_dossier, prepare, zip_blocks
from tests.archives import House, make_house
from tests.judges.java import Verdict
from tests.sending import another, files_of, packed, stored, verbs


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all tests here: furnishing takes long."""
    house = make_house(tmp_path_factory.mktemp("house"))
    yield house
    house.archive.close()


@pytest.fixture(scope="module")
def dossier(house: House, tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    return stored(house, packed(tmp_path_factory.mktemp("goi")))


def test_the_bag_is_valid_for_bagit_python(house: House, dossier: Dossier, tmp_path: Path) -> None:
    out = tmp_path / "dip"
    export_dossier(house.archive, house.actor("officer"), dossier.id, out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert bagit.Bag(str(out)).is_valid()


def test_the_bag_is_valid_for_bagit_java(
    house: House, dossier: Dossier, tmp_path: Path, bagit_java: Callable[..., Verdict]
) -> None:
    out = tmp_path / "dip"
    export_dossier(house.archive, house.actor("officer"), dossier.id, out)
    assert bagit_java(out).accepted


def test_it_holds_the_senders_own_bag_whole(house: House, dossier: Dossier, tmp_path: Path) -> None:
    out = tmp_path / "dip"
    export_dossier(house.archive, house.actor("officer"), dossier.id, out)
    assert check_bag(out / "data/submission").findings == []
    assert (out / "data/metadata/dossier.json").exists()


@pytest.mark.parametrize("name", ["dip.zip", "dip.tar", "dip.tar.gz"])
def test_a_container_holds_one_folder(house: House, dossier: Dossier, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    parcel = export_dossier(house.archive, house.actor("officer"), dossier.id, out)
    if name.endswith(".zip"):
        assert f"{parcel.name}/bagit.txt" in zipfile.ZipFile(out).namelist()
    assert out.stat().st_size > 1000


def test_the_streamed_zip_is_a_valid_bag(house: House, dossier: Dossier, tmp_path: Path) -> None:
    parcel = prepare(house.archive, house.actor("officer"), dossier.id)
    whole = b"".join(zip_blocks(house.archive, parcel))
    zipfile.ZipFile(io.BytesIO(whole)).extractall(tmp_path / "out")
    assert check_bag(tmp_path / "out" / parcel.name).findings == []


def test_the_export_is_in_the_log_before_its_first_byte(house: House, dossier: Dossier) -> None:
    zip_blocks(house.archive, prepare(house.archive, house.actor("officer"), dossier.id))
    assert verbs(house)[-1] == "dossier.exported"


def test_a_changed_copy_is_passed_over_for_a_good_one(house: House, tmp_path: Path) -> None:
    other = stored(house, packed(tmp_path, another("32.TTr")))
    officer, roots = house.actor("officer"), list(house.archive.stores)
    damage(house, other, roots[:1])
    export_dossier(house.archive, officer, other.id, tmp_path / "one")
    assert check_bag(tmp_path / "one").findings == []
    damage(house, other, roots)
    with pytest.raises(TryLater):
        export_dossier(house.archive, officer, other.id, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_what_is_there_is_not_overwritten(house: House, dossier: Dossier, tmp_path: Path) -> None:
    with pytest.raises(NotPossible):
        export_dossier(house.archive, house.actor("officer"), dossier.id, tmp_path)


def test_a_reader_gets_nothing_of_closed_documents(house: House, tmp_path: Path) -> None:
    mixed = stored(house, packed(tmp_path, another("33.TTr", document={"Mode": "Hạn chế"})))
    out = tmp_path / "dip"
    export_dossier(house.archive, house.actor("reader"), mixed.id, out)
    sent = sorted(path.name for path in (out / "data").rglob("*") if path.is_file())
    assert [name.rpartition(".00")[2] for name in sent] == ["2.pdf", "3.pdf"]
    assert check_bag(out).findings == []


def test_who_may_only_see_copies_exports_nothing(house: House, dossier: Dossier, tmp_path: Path) -> None:
    with pytest.raises(Missing):
        export_dossier(house.archive, house.actor("auditor"), dossier.id, tmp_path / "dip")


def damage(house: House, dossier: Dossier, roots: list[str]) -> None:
    file = next(f for name, f in files_of(house, dossier.id).items() if name.endswith(".pdf"))
    for root in roots:
        store = house.archive.stores[root]
        key = content_key(read_inventory(store, dossier.object_id), file.sha512)
        store.put(key, b"changed")
