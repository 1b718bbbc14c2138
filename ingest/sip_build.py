"""Build a package from documents and a `dossier.toml` that describes them with the law's tags.

    [dossier]
    FileCode = "000.00.12.H43.2020.31.TTr"
    Title = "Tập lưu tờ trình năm 2020"

    [[document]]
    file = "to-trinh.pdf"                  # or files = ["to-trinh.pdf", "phu-luc.xlsx"], the original first
    TypeName = "Tờ trình"

    [bag-info]                             # optional labels for bag-info.txt
    Source-Organization = "Sở Nội vụ"

Given by the order of the file when left out: DocOrdinal, the documents' FileCode, TotalDoc. Originals get the name that
the law wants; attachments keep theirs. `docs/producers/` tells it at length.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from archive_service.kernel.errors import NotPossible
from preservation.bagit.manifests import is_safe
from preservation.bagit.pack import SUFFIXES, pack
from preservation.bagit.write import write_bag
from preservation.description import METADATA, DocumentDescription, DossierDescription, write_metadata
from preservation.description.accessors import dossier_code, file_name, whole_number

DESCRIPTION = "dossier.toml"
PROFILE = "urn:vn-archive:bagit-profile:dossier:1"


def build_sip(folder: Path, out: Path) -> Path:
    """Build the package of `folder` into `out`: .zip, .tar or .tar.gz by its name, anything else a folder.

    Raises NotPossible when the description cannot be read, names files that are not there, or leaves files out;
    whether the package is as the law wants is for the checks to say. A build that is stopped leaves no `out`.
    """
    if out.exists():
        raise NotPossible(
            f"{out.name} đã có; đề nghị chọn tên khác.", f"{out.name} is already there; choose another name."
        )
    table = _read(folder / DESCRIPTION)
    description, payload = _describe(folder, table)
    _refuse_left_out(folder, payload)
    info = [(str(label), _raw(value)) for label, value in table.get("bag-info", {}).items()]
    info += [("External-Identifier", dossier_code(description).code), ("BagIt-Profile-Identifier", PROFILE)]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".sip-") as scratch:
        bag = write_bag(Path(scratch, "bag"), {**payload, METADATA: write_metadata(description)}, info)
        if out.name.endswith(SUFFIXES):
            bag = pack(bag, Path(scratch, out.name), out.name.removesuffix(".gz").rpartition(".")[0])
        shutil.move(bag, out)
    return out


def _read(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise NotPossible(
            f"Thư mục chưa có tệp {DESCRIPTION}.", f"There is no {DESCRIPTION} in the folder."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotPossible(f"Không đọc được {DESCRIPTION}: {error}.", f"{DESCRIPTION}: {error}.") from None
    unknown = sorted(set(table) - {"dossier", "document", "bag-info"})
    documents = table.get("document", [])
    if unknown or not isinstance(table.get("dossier"), dict) or not isinstance(documents, list):
        what = ", ".join(unknown) or "[dossier], [[document]]"
        raise NotPossible(
            f"{DESCRIPTION} chỉ gồm [dossier], [[document]] và [bag-info]; xem lại: {what}.",
            f"{DESCRIPTION} has [dossier], [[document]] and [bag-info] only; look at: {what}.",
        )
    return table


def _describe(folder: Path, table: Mapping[str, Any]) -> tuple[DossierDescription, dict[str, Path | bytes]]:
    tags = _tags(table["dossier"])
    documents = table.get("document", [])
    if "FileCode" not in tags and (composed := dossier_code(DossierDescription(tags, ())).composed):
        tags["FileCode"] = composed
    tags.setdefault("TotalDoc", str(len(documents)))
    payload: dict[str, Path | bytes] = {}
    described = tuple(
        _document(folder, number, each, tags.get("FileCode", ""), payload)
        for number, each in enumerate(documents, start=1)
    )
    return DossierDescription(tags, described), payload


def _document(
    folder: Path, number: int, row: dict[str, Any], code: str, payload: dict[str, Path | bytes]
) -> DocumentDescription:
    tags = {"FileCode": code, "DocOrdinal": str(number)} if code else {"DocOrdinal": str(number)}
    tags |= _tags({tag: value for tag, value in row.items() if tag not in ("file", "files")})
    names = [str(each) for each in row.get("files", [row["file"]] if "file" in row else [])]
    places = _places(names, code, whole_number(tags, "DocOrdinal"))
    for name, place in zip(names, places, strict=True):
        if not is_safe(name) or not (folder / name).is_file() or (folder / name).is_symlink():
            raise NotPossible(
                f"Văn bản {number} gắn với tệp {name}, trong thư mục không có tệp này.",
                f"Document {number} names file {name}, which is not in the folder.",
            )
        if place in payload or place == METADATA:
            raise NotPossible(
                f"Hai tệp cùng mang tên {place} trong gói; xem lại tệp {name} của văn bản {number}.",
                f"Two files would be {place} in the package; look at {name} of document {number}.",
            )
        payload[place] = folder / name
    return DocumentDescription(tags, tuple(places))


def _places(names: list[str], code: str, number: int | None) -> list[str]:
    """Where the files lie in the bag: the original under the law's name, attachments under their own."""
    places = [f"data/{name}" for name in names]
    if places and code and number:
        places[0] = f"data/{file_name(code, number)}{PurePosixPath(names[0]).suffix.lower()}"
    return places


def _tags(row: Mapping[str, Any]) -> dict[str, str]:
    return {tag: raw for tag, value in row.items() if (raw := _raw(value))}


def _raw(value: object) -> str:
    """TOML's own dates and lists are written as the law writes them.

    >>> _raw(date(2020, 6, 15)), _raw(["Tiếng Việt", "Tiếng Anh"]), _raw(7)
    ('15/06/2020', 'Tiếng Việt; Tiếng Anh', '7')
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return str(value).strip()


def _refuse_left_out(folder: Path, payload: Mapping[str, Path | bytes]) -> None:
    """Every file is in a document: what the sender forgot to describe would be lost in silence."""
    there = {each for each in folder.rglob("*") if not each.is_dir()} - {folder / DESCRIPTION}
    left_out = sorted(each.relative_to(folder).as_posix() for each in there - set(payload.values()))
    if left_out:
        names = ", ".join(left_out[:20])
        raise NotPossible(
            f"Tệp chưa gắn với văn bản nào trong {DESCRIPTION}: {names}.",
            f"These files belong to no document of {DESCRIPTION}: {names}.",
        )
