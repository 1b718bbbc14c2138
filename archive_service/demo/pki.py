"""A test PKI made on the spot and PAdES B-B signatures with it. It proves nothing about anybody.

Root → issuing authority → certificates of people and agencies, all RSA-2048 with SHA-256 as the public service's
certificates of 2010–2025 were. Keys live in memory for one run; nothing of them is ever committed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from io import BytesIO

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko_certvalidator.registry import SimpleCertificateStore

FIRST_DAY = datetime(2008, 1, 1, tzinfo=UTC)
LAST_DAY = datetime(2045, 12, 31, tzinfo=UTC)
"""Long enough that a signature of 2009 verifies today: the demo shows the archive, not expired certificates."""

RESERVED = 12_288
"""Hexadecimal digits kept free for a signature: two certificates and the signed attributes take about 6,000."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A person or an agency that can sign: PEM of its certificate and key, and of the issuing authority."""

    name: str
    certificate: bytes
    key: bytes
    issuer: bytes


@dataclass(frozen=True, slots=True)
class Authority:
    """A root and the authority below it that issues. `root` (PEM) is what a trust store takes."""

    root: bytes
    issuing: bytes
    issuing_key: bytes

    def issue(self, name: str, organisation: str = "") -> Signer:
        """A signing certificate; `organisation` is empty for an agency's own seal."""
        key = _new_key()
        issuer = x509.load_pem_x509_certificate(self.issuing)
        certificate = _certificate(
            _subject(name, organisation or name), issuer.subject, key, _load(self.issuing_key), authority=None
        )
        return Signer(name, _pem(certificate), _key_pem(key), self.issuing)

    def revocation_list(self, at: datetime, *revoked: Signer) -> bytes:
        """A CRL (DER) of the issuing authority as of `at`, which judges ask for beside a B-B signature."""
        issuer = x509.load_pem_x509_certificate(self.issuing)
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject)
        builder = builder.last_update(at).next_update(LAST_DAY)
        for signer in revoked:
            serial = x509.load_pem_x509_certificate(signer.certificate).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(_load(self.issuing_key), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def make_authority(name: str = "Cơ quan chứng thực trình diễn") -> Authority:
    """A fresh root and issuing authority. Call it twice for a root that nobody trusts."""
    root_key, issuing_key = _new_key(), _new_key()
    root_name, issuing_name = _subject(f"{name} - Gốc", name), _subject(f"{name} - Cấp phát", name)
    root = _certificate(root_name, root_name, root_key, root_key, authority=1)
    issuing = _certificate(issuing_name, root_name, issuing_key, root_key, authority=0)
    return Authority(_pem(root), _pem(issuing), _key_pem(issuing_key))


def sign_pdf(pdf: bytes, signer: Signer, at: datetime, *, field: str, reason: str = "") -> bytes:
    """The PDF with one more invisible PAdES B-B signature, dated `at` (claimed, not timestamped).

    Invisible, because a stamp without an embedded font breaks PDF/A (clause 6.2.11.4.1).
    """
    # Without a line end after %%EOF the next object is glued to it, and PDF/A clause 6.1.9 fails.
    source = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    metadata = PdfSignatureMetadata(
        field_name=field,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        reason=reason or None,
        location="VN",
    )
    out = BytesIO()
    dated = _DatedSigner(metadata, _simple_signer(signer), at)
    # A fixed reserve spares a second, trial signature that would only measure the first.
    dated.sign_pdf(IncrementalPdfFileWriter(BytesIO(source)), bytes_reserved=RESERVED, output=out)
    return out.getvalue()


class _DatedSigner(PdfSigner):
    """pyHanko writes the machine's time as /M; a document of 2015 was signed in 2015."""

    def __init__(self, metadata: PdfSignatureMetadata, signer: SimpleSigner, at: datetime) -> None:
        super().__init__(metadata, signer)
        self._at = at

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


@cache
def _simple_signer(signer: Signer) -> SimpleSigner:
    chain = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    for certificate in load_certs_from_pemder_data(signer.issuer):
        chain.register(certificate)
    return SimpleSigner(
        signing_cert=next(iter(load_certs_from_pemder_data(signer.certificate))),
        signing_key=load_private_key_from_pemder_data(signer.key, None),
        cert_registry=chain,
    )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _subject(name: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    by: rsa.RSAPrivateKey,
    *,
    authority: int | None,
) -> x509.Certificate:
    """`authority` is the path length of an authority's certificate, None for a signer's."""
    is_authority = authority is not None
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(FIRST_DAY).not_valid_after(LAST_DAY)
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=is_authority, path_length=authority), True),
        (_usage(is_authority), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), False),
    ]
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(by, hashes.SHA256())


def _usage(is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=not is_authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load(key: bytes) -> rsa.RSAPrivateKey:
    loaded = serialization.load_pem_private_key(key, password=None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise TypeError("the demo's authorities have RSA keys")
    return loaded
