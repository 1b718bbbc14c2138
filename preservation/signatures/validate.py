"""PDF signatures judged by pyHanko, offline. Runs in the sandbox: call it through `check.check_file`.

The process is ETSI EN 319 102-1, clause 5.3, and where that cannot decide and the signature has a timestamp,
clause 5.6 (signatures with archival data). Added on top: coverage and later changes (ISO 32000-2, 12.8).
Revocation data inside the file is used; its absence does not spoil a verdict, and the evidence says "not_checked".
Nothing is fetched: an address inside a certificate is chosen by whoever made the file.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asn1crypto import pem, x509  # type: ignore[import-untyped]
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESStatus
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.ades import (
    AdESBasicValidationResult,
    ades_basic_validation,
    ades_lta_validation,
    ades_timestamp_validation,
)
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import message_imprint_checker
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import (
    CertificateFetchingRule,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager

from preservation.signatures.describe import Judgement, describe, describe_unreadable, timestamp_token
from preservation.signatures.facts import SignatureFact, Verdict

MOST_SIGNATURES = 50
_SUPPORTED = frozenset({"/ETSI.CAdES.detached", "/adbe.pkcs7.detached"})
_TIMESTAMP = "/ETSI.RFC3161"
_IF_THERE = RevocationCheckingRule.CHECK_IF_DECLARED_SOFT
_VERDICTS: dict[AdESStatus, Verdict] = {
    AdESStatus.PASSED: "total_passed",
    AdESStatus.INDETERMINATE: "indeterminate",
    AdESStatus.FAILED: "total_failed",
}


def validate_pdf(path: str, roots_pem: list[bytes], at: str | None) -> list[SignatureFact]:
    """Every signature of the file, oldest first; an unsigned file has none.

    `at` is the moment of judgement (ISO 8601, aware); None is now. Document timestamps are used as proof, not
    listed. Raises what pyHanko raises when the file is no readable PDF.
    """
    moment = datetime.fromisoformat(at) if at else datetime.now(UTC)
    specification = _specification(roots_pem)
    with Path(path).open("rb") as stream:
        reader = PdfFileReader(stream, strict=False)
        if reader.security_handler is not None:
            reader.decrypt(b"")
        readable, unreadable = _collect(reader)
        readable.sort(key=lambda each: each.signed_revision)
        facts = [_judge(each, specification, moment) for each in readable]
        facts += [describe_unreadable(*each, moment) for each in unreadable]
    return [{**fact, "index": index} for index, fact in enumerate(facts)]


def _collect(reader: PdfFileReader) -> tuple[list[EmbeddedPdfSignature], list[tuple[str, Judgement]]]:
    """The signatures that parse, and those that do not with what that means.

    pyHanko's own collection leaves out what it does not support, so that such a file would look unsigned, and
    fails as a whole when one signature is damaged.
    """
    readable: list[EmbeddedPdfSignature] = []
    unreadable: list[tuple[str, Judgement]] = []
    for number, (name, value, field) in enumerate(enumerate_sig_fields(reader, filled_status=True)):
        if number == MOST_SIGNATURES:
            raise ValueError(f"more than {MOST_SIGNATURES} signatures")
        kind = str(value.get_object().get("/SubFilter", ""))
        if kind == _TIMESTAMP:
            continue
        if kind not in _SUPPORTED:
            unreadable.append((str(name), Judgement("indeterminate", "GENERIC", f"SubFilter {kind[:100]}")))
            continue
        try:
            readable.append(EmbeddedPdfSignature(reader, field, name))
        except (ValueError, LookupError, TypeError, AssertionError) as error:
            unreadable.append((str(name), Judgement("total_failed", "FORMAT_FAILURE", str(error))))
    return readable, unreadable


def _specification(roots_pem: list[bytes]) -> PdfSignatureValidationSpec:
    anchors = [CertTrustAnchor(each) for bundle in roots_pem for each in _certificates(bundle)]
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(anchors),
        revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(_IF_THERE, _IF_THERE)),
    )
    return PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=policy,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                RevinfoOnlineFetchingRule.LOCAL_ONLY,
                certificate_fetching_rule=CertificateFetchingRule.NEVER_FETCH,
            ),
            # The public service's certificates carry digitalSignature, some without nonRepudiation.
            key_usage_settings=KeyUsageConstraints(
                key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
            ),
        )
    )


def _certificates(bundle: bytes) -> list[x509.Certificate]:
    return [x509.Certificate.load(der) for _, _, der in pem.unarmor(bundle, multiple=True)]


def _judge(
    signature: EmbeddedPdfSignature, specification: PdfSignatureValidationSpec, moment: datetime
) -> SignatureFact:
    status, stamp_trusted = None, False
    timing = ValidationTimingInfo(moment, moment, point_in_time_validation=True)
    try:
        signature.compute_integrity_info(diff_policy=specification.diff_policy)  # type: ignore[no-untyped-call]
        result = asyncio.run(_by_etsi(signature, specification, timing))
        stamp_trusted = asyncio.run(_timestamp_trusted(signature, specification, timing))
        judgement, status = _judgement(signature, result), result.api_status
    except SignatureValidationError as error:
        subindication = error.ades_subindication
        judgement = Judgement(_VERDICTS[subindication.status], subindication.standard_name, str(error))
    except ValueError as error:
        judgement = Judgement("total_failed", "FORMAT_FAILURE", str(error))
    except Exception as error:  # a fault of the validator must not call the producer's signature broken
        judgement = Judgement("indeterminate", "GENERIC", f"{type(error).__name__}: {error}")
    return describe(signature, moment, judgement, status, stamp_trusted)


async def _by_etsi(
    signature: EmbeddedPdfSignature, specification: PdfSignatureValidationSpec, timing: ValidationTimingInfo
) -> AdESBasicValidationResult[Any]:
    """Clause 5.3 (basic); what it leaves undecided, a timestamp may decide by clause 5.6 (archival data).

    Not 5.6 at once: without revocation data it calls every signature, however good today, NO_POE.
    """
    basic = await ades_basic_validation(
        signature.signed_data,
        specification.signature_validation_spec,
        timing_info=timing,
        raw_digest=signature.compute_digest(),
    )
    if basic.ades_subindic.status is not AdESStatus.INDETERMINATE or timestamp_token(signature) is None:
        return basic
    archival = await ades_lta_validation(signature, specification, timing)
    return basic if archival.ades_subindic.status is AdESStatus.INDETERMINATE else archival


async def _timestamp_trusted(
    signature: EmbeddedPdfSignature, specification: PdfSignatureValidationSpec, timing: ValidationTimingInfo
) -> bool:
    token = timestamp_token(signature)
    if token is None:
        return False
    try:
        result = await ades_timestamp_validation(
            token,
            specification.signature_validation_spec,
            expected_tst_imprint=message_imprint_checker(signature.signer_info),
            timing_info=timing,
        )
    except ValueError:  # a damaged timestamp proves nothing, and breaks nothing either
        return False
    return result.ades_subindic.status is AdESStatus.PASSED


def _judgement(signature: EmbeddedPdfSignature, result: AdESBasicValidationResult[Any]) -> Judgement:
    verdict = _VERDICTS[result.ades_subindic.status]
    if verdict != "total_failed" and not signature.summarise_integrity_info()["docmdp_ok"]:
        return Judgement("total_failed", "ILLEGAL_MODIFICATIONS", "changed after signing")
    name = "" if verdict == "total_passed" else result.ades_subindic.standard_name
    return Judgement(verdict, name, result.failure_msg or "")
