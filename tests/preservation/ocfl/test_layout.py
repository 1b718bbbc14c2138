from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preservation.ocfl.layout import ROOT_FILES, BadObjectId, object_id_at, object_path


@pytest.mark.parametrize(
    ("object_id", "path"),
    [
        # The examples of the layout's own specification.
        ("object-01", "ocfl/3c0/ff4/240/object-01"),
        ("..hor/rib:le-$id", "ocfl/487/326/d8c/%2e%2ehor%2frib%3ale-%24id"),
        ("..Hor/rib:lè-$id", "ocfl/373/529/21a/%2e%2eHor%2frib%3al%c3%a8-%24id"),
    ],
)
def test_objects_lie_where_the_specification_puts_them(object_id: str, path: str) -> None:
    assert object_path(object_id) == path


@pytest.mark.parametrize("object_id", ["", "x" * 101, "đ" * 17, "\ud800"])
def test_an_id_that_could_not_be_read_back_is_refused(object_id: str) -> None:
    with pytest.raises(BadObjectId):
        object_path(object_id)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8))
def test_an_id_is_read_back_from_its_folder(object_id: str) -> None:
    assert object_id_at(object_path(object_id)) == object_id


@pytest.mark.parametrize(
    "path", ["ocfl/000/000/000/object-01", "ocfl/object-01", "ocfl/a/b/c/%ff", "ocfl/a/b/c/"]
)
def test_a_folder_elsewhere_holds_no_object(path: str) -> None:
    assert object_id_at(path) is None


def test_the_files_of_a_root_are_these_bytes_for_ever() -> None:
    assert [key.rpartition("/")[2] for key in ROOT_FILES] == ["0=ocfl_1.1", "ocfl_layout.json", "config.json"]
    assert ROOT_FILES["ocfl/0=ocfl_1.1"] == b"ocfl_1.1\n"
