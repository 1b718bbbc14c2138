"""The signatures of one file, asked from outside the sandbox: at ingest, at every audit, and by a person."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archive_service.kernel.errors import NotPossible
from archive_service.kernel.sandbox import Limits, Sandbox
from preservation.signatures.facts import SignatureFact

LIMITS = Limits(cpu_s=60, wall_s=120)


def check_file(
    sandbox: Sandbox, path: Path, roots: tuple[bytes, ...], at: datetime | None = None
) -> list[SignatureFact]:
    """Every signature of a PDF, oldest first, judged against `roots` (PEM) as of `at` (None: now).

    An unsigned PDF gives an empty list. Raises SandboxFailure for a file that is no readable PDF.
    """
    moment = at.isoformat() if at else None
    found: list[SignatureFact] = sandbox.run(
        "preservation.signatures.validate:validate_pdf", str(path), roots, moment, limits=LIMITS
    )
    return found


def read_roots(path: Path) -> tuple[bytes, ...]:
    """The certificates of a PEM file, or of a folder's *.pem and *.crt, each as PEM. Raises NotPossible."""
    files = sorted([*path.glob("*.pem"), *path.glob("*.crt")]) if path.is_dir() else [path]
    try:
        found = [each for file in files for each in x509.load_pem_x509_certificates(file.read_bytes())]
    except (OSError, ValueError):
        found = []
    if not found:
        raise NotPossible(
            f"{path.name}: không đọc được chứng thư số gốc. Đề nghị dùng tệp PEM.",
            f"{path.name}: no root certificate can be read from it. Give a PEM file.",
        )
    return tuple(certificate.public_bytes(Encoding.PEM) for certificate in found)
