"""Who signs in the demo: each agency's leader and its seal under one root, and a firm that nobody here trusts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from archive_service.demo.people import DemoAgency, organisation
from archive_service.demo.pki import Signer, make_authority

OUTSIDER = "Công ty TNHH Xây lắp Đá Bạc"
#: From here on an agency's own signature follows the person's (as TT 01/2019 and NĐ 30/2020 ask).
AGENCIES_SIGN_FROM = date(2019, 1, 1)


@dataclass(frozen=True, slots=True)
class Seals:
    """`root` (PEM) belongs into the archive's trust store; `stranger` is the root that does not."""

    root: bytes
    stranger: bytes
    people: Mapping[str, Signer]
    agencies: Mapping[str, Signer]
    outsider: Signer

    def for_document(self, agency: DemoAgency, day: date, *, outsider: bool) -> tuple[Signer, ...]:
        signers = [self.people[agency.key]]
        if day >= AGENCIES_SIGN_FROM:
            signers.append(self.agencies[agency.key])
        return (*signers, self.outsider) if outsider else tuple(signers)


def make_seals() -> Seals:
    """Fresh keys for one run of the demo."""
    authority, strange = make_authority(), make_authority("Cơ quan chứng thực không quen biết")
    agencies = organisation().agencies
    return Seals(
        root=authority.root,
        stranger=strange.root,
        people={agency.key: authority.issue(agency.signer, agency.name) for agency in agencies},
        agencies={agency.key: authority.issue(agency.name) for agency in agencies},
        outsider=strange.issue(OUTSIDER),
    )
