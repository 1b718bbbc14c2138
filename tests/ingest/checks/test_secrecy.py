"""A declared level is found wherever in metadata.xml it stands; what could hide one is not read at all."""

from __future__ import annotations

import pytest

from archive_service.regulations import load
from ingest.checks.secrecy import declared_secrecy
from preservation.description import MetadataUnreadable, parse_metadata, write_metadata
from tests.builders import BagBuilder

RIGHTS = "<Rights>Công khai</Rights>"


def metadata(instead: str, of: str = RIGHTS) -> bytes:
    plain = write_metadata(BagBuilder().description()).decode()
    assert of in plain
    return plain.replace(of, instead, 1).encode()


@pytest.mark.parametrize(
    "declared",
    [
        "<Rights>Mật</Rights><Rights>Công khai</Rights>",
        "<Rights>Công khai</Rights><Rights>03</Rights>",
        "<Rights>01; 03</Rights>",
        "<Rights>０３</Rights>",
        '<Rights DoMat="Tối mật">Công khai</Rights>',
        '<Nhom DoMat="Mật"/>' + RIGHTS,
        "<Nhom><DoMat>Tuyệt mật</DoMat></Nhom>" + RIGHTS,
        "<Rights>M<!-- -->ật</Rights>",
        "<Rights><![CDATA[Mật]]></Rights>",
        "<Rights>M&#7853;t</Rights>",
    ],
)
def test_a_declared_level_is_found(declared: str) -> None:
    assert list(declared_secrecy(parse_metadata(metadata(declared)), load()))


@pytest.mark.parametrize(
    "hidden",
    [
        "<Rights><b/>Mật</Rights>",
        RIGHTS + "Mật",
        "Mật" + RIGHTS,
        RIGHTS + '<Nhom><document xmlns="urn:vn-archive:dossier:1"><Mode>Mật</Mode></document></Nhom>',
    ],
)
def test_what_could_hide_a_level_is_unreadable(hidden: str) -> None:
    with pytest.raises(MetadataUnreadable):
        parse_metadata(metadata(hidden))


def test_a_level_at_the_link_to_a_file_is_unreadable() -> None:
    plain = write_metadata(BagBuilder().description()).decode()
    at = plain.index(' path="')
    with pytest.raises(MetadataUnreadable, match="file"):
        parse_metadata((plain[:at] + ' DoMat="Mật"' + plain[at:]).encode())


def test_an_ordinary_description_declares_nothing() -> None:
    assert not list(declared_secrecy(BagBuilder().description(), load()))
