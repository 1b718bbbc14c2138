"""One judged signature as a `SignatureFact`: who, when, how much of the file, and the evidence. Runs in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from typing import Any, NamedTuple

from asn1crypto import cms, x509  # type: ignore[import-untyped]
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel, StandardCMSSignatureStatus

from preservation.signatures.facts import LaterChanges, SignatureFact, Verdict

_CHANGES: dict[ModificationLevel, LaterChanges] = {
    ModificationLevel.NONE: "none",
    ModificationLevel.LTA_UPDATES: "ltv_updates",
    ModificationLevel.FORM_FILLING: "form_filling",
    ModificationLevel.ANNOTATIONS: "annotations",
    ModificationLevel.OTHER: "other",
}


class Judgement(NamedTuple):
    verdict: Verdict
    sub_indication: str
    failure: str


def describe(
    signature: EmbeddedPdfSignature,
    moment: datetime,
    judgement: Judgement,
    status: StandardCMSSignatureStatus | None,
    timestamp_trusted: bool,
) -> SignatureFact:
    signer = _signer(signature)
    return SignatureFact(
        index=0,
        field=str(signature.field_name),
        signer=_name(signer, "common_name"),
        organisation=_name(signer, "organization_name"),
        issuer=signer.issuer.human_friendly if signer else "",
        serial=f"{signer.serial_number:x}" if signer else "",
        signed_at=_iso(_claimed(signature)),
        timestamp=_iso(_timestamp(signature)),
        timestamp_trusted=timestamp_trusted,
        verdict=judgement.verdict,
        sub_indication=judgement.sub_indication,
        covers_whole_file=signature.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        later_changes=_later_changes(signature),
        evidence=_process(moment, judgement.failure) | _seen(signature) | _chain(status),
    )


def describe_unreadable(field: str, judgement: Judgement, moment: datetime) -> SignatureFact:
    """A signature field whose content does not parse: there is no signer to name."""
    return SignatureFact(
        index=0,
        field=field,
        signer="",
        organisation="",
        issuer="",
        serial="",
        signed_at=None,
        timestamp=None,
        timestamp_trusted=False,
        verdict=judgement.verdict,
        sub_indication=judgement.sub_indication,
        covers_whole_file=False,
        later_changes="unknown",
        evidence=_process(moment, judgement.failure),
    )


def _process(moment: datetime, failure: str) -> dict[str, Any]:
    """How this verdict came about (what TT 41/2017/TT-BTTTT, Điều 9 wants kept lies in `_seen` and `_chain`)."""
    return {
        "validator": f"pyHanko {version('pyhanko')}",
        "validated_at": moment.isoformat(),
        "process": "ETSI EN 319 102-1",
        "failure": failure[:1000],
    }


def _seen(signature: EmbeddedPdfSignature) -> dict[str, Any]:
    return {
        "sub_filter": str(signature.sig_object.get("/SubFilter", "")),
        "byte_range": [int(each) for each in signature.byte_range],
        "coverage": signature.coverage.name.lower() if signature.coverage else "",
        "digest_algorithm": signature.md_algorithm,
        "certificates_der": [certificate.dump().hex() for certificate in _certificates(signature)],
        "revocation": "in_file" if _has_revocation_data(signature) else "not_checked",
    }


def _chain(status: StandardCMSSignatureStatus | None) -> dict[str, Any]:
    """From the trusted root down to the signer; empty if there is no such chain."""
    path = status.validation_path if status else None
    certificates = list(path.iter_certs(include_root=True)) if path else []
    return {
        "signature_mechanism": status.pkcs7_signature_mechanism if status else "",
        "chain": [certificate.subject.human_friendly for certificate in certificates],
        "chain_sha256": [certificate.sha256.hex() for certificate in certificates],
    }


def _signer(signature: EmbeddedPdfSignature) -> x509.Certificate | None:
    try:
        return signature.signer_cert
    except Exception:  # a CMS that does not parse has no signer to name
        return None


def _certificates(signature: EmbeddedPdfSignature) -> Iterator[x509.Certificate]:
    signer = _signer(signature)
    if signer is not None:
        yield signer
        yield from signature.other_embedded_certs


def _name(certificate: x509.Certificate | None, part: str) -> str:
    value = certificate.subject.native.get(part, "") if certificate else ""
    return "; ".join(value) if isinstance(value, list) else str(value)


def _claimed(signature: EmbeddedPdfSignature) -> datetime | None:
    """The time that the signer wrote: signed attribute or /M."""
    try:
        return signature.self_reported_timestamp
    except Exception:  # an unreadable date is no date
        return None


def timestamp_token(signature: EmbeddedPdfSignature) -> cms.SignedData | None:
    """The first timestamp over the signature's value (RFC 3161); None also for one that does not parse."""
    try:
        return next(iter(extract_tst_data_iter(signature.signer_info, signed=False)), None)
    except (ValueError, LookupError, TypeError):
        return None


def _timestamp(signature: EmbeddedPdfSignature) -> datetime | None:
    try:
        token = timestamp_token(signature)
        return token["encap_content_info"]["content"].parsed["gen_time"].native if token is not None else None
    except Exception:  # a token that does not parse proves no time
        return None


def _later_changes(signature: EmbeddedPdfSignature) -> LaterChanges:
    if signature.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return "none"
    if isinstance(signature.diff_result, DiffResult):
        return _CHANGES[signature.diff_result.modification_level]
    return "other" if signature.diff_result is not None else "unknown"


def _has_revocation_data(signature: EmbeddedPdfSignature) -> bool:
    store = signature.reader.root.get("/DSS")
    return bool(store and (store.get("/CRLs") or store.get("/OCSPs")))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
