"""Real documents for tests, made on the spot: PDF by typst, office files, scans, signatures of a test PKI."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from functools import cache

import docx
import openpyxl
import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.timestamps import DummyTimeStamper

from archive_service.demo.pki import Authority, Signer, _simple_signer, make_authority, sign_pdf
from archive_service.demo.typesetting import Typesetter

SIGNED_AT = datetime(2020, 6, 15, 2, 30, tzinfo=UTC)


@cache
def authority() -> Authority:
    return make_authority("Cơ quan chứng thực thử nghiệm")


@cache
def stranger() -> Authority:
    """Another root, which nobody in a test trusts unless it says so."""
    return make_authority("Cơ quan chứng thực lạ")


@cache
def signer() -> Signer:
    return authority().issue("Trần Thị Bình", "Sở Nội vụ")


@cache
def pdf(*pages: str) -> bytes:
    """A born-digital PDF/A-2b with one line of text a page."""
    return Typesetter().pdf("\n#pagebreak()\n".join(pages or ("Quyết định về việc sắp xếp kho lưu trữ",)))


@cache
def signed_pdf(*fields: str) -> bytes:
    """`pdf()` with one signature a field, each over the one before."""
    signed = pdf()
    for field in fields or ("ChuKy1",):
        signed = sign_pdf(signed, signer(), SIGNED_AT, field=field)
    return signed


@cache
def timestamped_pdf(at: datetime) -> tuple[bytes, bytes]:
    """A PDF signed with a timestamp that says `at`, and the root (PEM) of who made the timestamp."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Dấu thời gian thử nghiệm")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2008, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2070, 1, 1, tzinfo=UTC))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    raw_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    stamper = DummyTimeStamper(
        next(iter(load_certs_from_pemder_data(pem))),
        load_private_key_from_pemder_data(raw_key, None),
        fixed_dt=at,
    )
    metadata = PdfSignatureMetadata(
        field_name="ChuKy1", subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    out = io.BytesIO()
    PdfSigner(metadata, _simple_signer(signer()), timestamper=stamper).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf())), output=out
    )
    return out.getvalue(), pem


def word(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    return _saved(document.save)


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return _saved(book.save)


def opendocument(*paragraphs: str) -> bytes:
    text = "".join(f"<text:p>{paragraph}</text:p>" for paragraph in paragraphs)
    office, names = (
        "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    )
    content = (
        f'<office:document-content xmlns:office="{office}" xmlns:text="{names}" office:version="1.3">'
        f"<office:body><office:text>{text}</office:text></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.text"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">'
        f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{kind}"/>'
        "</manifest:manifest>"
    )
    return package({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def package(entries: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in entries.items():
            archive.writestr(
                zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED if len(content) > 4096 else 0
            )
    return out.getvalue()


def image(
    kind: str = "PNG", *, size: tuple[int, int] = (400, 300), mode: str = "RGB", dpi: int = 200
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 200).save(out, kind, dpi=(dpi, dpi))
    return out.getvalue()


def scanned_pdf(*modes: str, dpi: int = 200, version: str = "1.5", inches: float = 2) -> bytes:
    """A PDF with one full-page picture a mode ("RGB", "L", "1")."""
    side = round(inches * dpi)
    pictures = [Image.new(mode, (side, side), 200 if mode != "1" else 1) for mode in modes or ("RGB",)]
    out = io.BytesIO()
    pictures[0].save(out, "PDF", resolution=dpi, save_all=True, append_images=pictures[1:])
    return resaved(out.getvalue(), force_version=version)


def layered_pdf(dpi: int = 150, finer: int = 2) -> bytes:
    """A scanned page whose writing is a mask with so many times the resolution of the picture under it."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(scanned_pdf(dpi=dpi))) as document:
        picture = next(iter(document.pages[0].get_images().values()))
        side = int(picture.Width) * finer
        picture.Mask = document.make_stream(
            bytes((side + 7) // 8 * side),
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=side,
            Height=side,
            ImageMask=True,
            BitsPerComponent=1,
        )
        document.save(out)
    return out.getvalue()


def resaved(raw: bytes, **options: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(raw)) as document:
        document.save(out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def locked_pdf(*, user: str) -> bytes:
    """Encrypted; without a `user` password it opens, but is restricted."""
    return resaved(pdf(), encryption=pikepdf.Encryption(owner="chu", user=user))


def _saved(save: object) -> bytes:
    out = io.BytesIO()
    save(out)  # type: ignore[operator]
    return out.getvalue()
