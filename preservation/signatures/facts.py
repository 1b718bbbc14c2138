"""What is known of one signature, as plain data that is kept for as long as the document."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Verdict = Literal["total_passed", "indeterminate", "total_failed"]
"""The three answers of ETSI EN 319 102-1, clause 5.1.3."""

LaterChanges = Literal["none", "ltv_updates", "form_filling", "annotations", "other", "unknown"]
"""What was added to the file after this signature; `other` changes what the reader sees."""

UNTRUSTED = frozenset({"NO_CERTIFICATE_CHAIN_FOUND"})
"""Sub-indications that say: the chain ends in no root that we trust."""


class SignatureFact(TypedDict):
    """One signature of a PDF, judged at one moment against one trust store.

    `sub_indication` is ETSI's word (HASH_FAILURE, NO_CERTIFICATE_CHAIN_FOUND, …), "" when passed; our own one is
    ILLEGAL_MODIFICATIONS: the signed bytes are intact, but what the reader sees was changed after signing.
    Times are ISO 8601 with offset. `signed_at` is what the signer claims, `timestamp` what a timestamp token says.
    """

    index: int
    field: str
    signer: str
    organisation: str
    issuer: str
    serial: str
    signed_at: str | None
    timestamp: str | None
    timestamp_trusted: bool
    verdict: Verdict
    sub_indication: str
    covers_whole_file: bool
    later_changes: LaterChanges
    evidence: dict[str, Any]
