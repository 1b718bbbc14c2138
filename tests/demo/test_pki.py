from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest
from cryptography import x509
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from archive_service.demo.pki import Authority, make_authority, sign_pdf
from archive_service.demo.typesetting import typesetter

MOMENT = datetime(2015, 3, 4, 2, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority()


@pytest.fixture(scope="module")
def signed(authority: Authority) -> bytes:
    signer = authority.issue("Nguyễn Văn Ánh", "Sở Nội vụ tỉnh Trường Lam")
    return sign_pdf(typesetter().pdf("Kính gửi: Quý cơ quan."), signer, MOMENT, field="CaNhan")


def verdict(pdf: bytes, root: bytes) -> PdfSignatureStatus:
    context = ValidationContext(trust_roots=list(load_certs_from_pemder_data(root)), allow_fetching=False)
    return validate_pdf_signature(PdfFileReader(BytesIO(pdf)).embedded_signatures[0], context)


def test_a_signature_holds_against_its_own_root(authority: Authority, signed: bytes) -> None:
    found = verdict(signed, authority.root)
    assert found.bottom_line
    assert found.signing_cert.subject.native["common_name"] == "Nguyễn Văn Ánh"


def test_a_signature_is_not_trusted_under_another_root(signed: bytes) -> None:
    found = verdict(signed, make_authority().root)
    assert found.intact
    assert not found.trusted


def test_a_changed_byte_breaks_the_signature(authority: Authority, signed: bytes) -> None:
    changed = bytearray(signed)
    changed[changed.index(b"/FontBBox") + 12] ^= 1
    assert not verdict(bytes(changed), authority.root).intact


def test_a_signature_carries_the_date_of_its_document(signed: bytes) -> None:
    assert PdfFileReader(BytesIO(signed)).embedded_signatures[0].self_reported_timestamp == MOMENT


def test_the_revocation_list_names_the_revoked(authority: Authority) -> None:
    kept, revoked = authority.issue("Còn hiệu lực"), authority.issue("Đã thu hồi")
    crl = x509.load_der_x509_crl(authority.revocation_list(MOMENT, revoked))
    serials = [x509.load_pem_x509_certificate(s.certificate).serial_number for s in (revoked, kept)]
    assert crl.get_revoked_certificate_by_serial_number(serials[0]) is not None
    assert crl.get_revoked_certificate_by_serial_number(serials[1]) is None
