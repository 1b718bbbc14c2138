"""What each role sees in the main navigation and where it lands: a table, no template knows a role."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

MY_WORK = "/my-work"


@dataclass(frozen=True)
class Entry:
    """One link: its path, with an optional query, and the key of its sentence."""

    href: str
    key: str

    @property
    def path(self) -> str:
        return self.href.partition("?")[0]


def _entries(*pairs: tuple[str, str]) -> tuple[Entry, ...]:
    return tuple(Entry(href, f"navigation.{key}") for href, key in pairs)


# The first entry of a role is the page on which it lands.
NAVIGATION: dict[str, tuple[Entry, ...]] = {
    "officer": _entries(
        ("/sips", "inbox"),
        ("/fonds", "dossiers"),
        ("/search", "search"),
        ("/minutes", "minutes"),
        ("/file-plans", "file_plans"),
        ("/reports", "reports"),
    ),
    "reader": _entries(("/search", "search"), ("/fonds", "dossiers"), ("/requests", "my_requests")),
    "auditor": _entries(
        ("/fixity", "fixity"),
        ("/incidents", "incidents"),
        ("/signatures", "signatures"),
        ("/storage", "storage"),
        ("/audit", "audit"),
        ("/jobs", "jobs"),
    ),
    "records_manager": _entries(
        ("/retention", "due"),
        ("/holds", "holds"),
        ("/destruction", "destruction"),
        ("/fonds", "dossiers"),
        ("/search", "search"),
        ("/schedules", "schedules"),
        ("/agreements", "agreements"),
        ("/file-plans", "file_plans"),
        ("/reports", "reports"),
    ),
    "council_member": _entries(("/destruction?turn=me", "vote"), ("/destruction", "destruction")),
    "head": _entries(
        ("/destruction?turn=me", "to_decide"),
        ("/destruction", "destruction"),
        ("/users", "users"),
        ("/reports", "reports"),
    ),
    "executor": _entries(("/destruction?turn=me", "to_execute"), ("/destruction", "destruction")),
    "producer": _entries(("/submissions", "submissions"), ("/docs", "help")),
    "administrator": _entries(
        ("/health", "health"), ("/jobs", "jobs"), ("/users", "users"), ("/settings", "settings")
    ),
}

# Who has the search box in the bar. Administrators and auditors read no content, so they search nothing.
SEARCHING = frozenset({"officer", "reader", "records_manager", "head", "council_member"})


def navigation_for(roles: Collection[str], offered: Callable[[str], bool]) -> tuple[Entry, ...]:
    """The links of these roles, in the table's order, each address once; only pages that this server has."""
    own = [NAVIGATION[role] for role in NAVIGATION if role in roles]
    first = (Entry(MY_WORK, "navigation.my_work"),) if len(own) > 1 else ()
    seen: dict[str, Entry] = {}
    for entry in first + tuple(entry for entries in own for entry in entries):
        if offered(entry.path):
            seen.setdefault(entry.href, entry)
    return tuple(seen.values())


def landing_page(roles: Collection[str]) -> str:
    """Where signing in leads: the role's first page, or `/my-work` for several roles (and for none)."""
    own = [NAVIGATION[role] for role in NAVIGATION if role in roles]
    return own[0][0].href if len(own) == 1 else MY_WORK
