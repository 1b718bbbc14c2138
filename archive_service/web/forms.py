"""Values behind the form macros: what was typed with its errors, and the tokens of an act.

A form that failed is shown again with everything that was typed; the error names the field and the remedy.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import Request


@dataclass(frozen=True)
class Form:
    """`values` as typed, by field name; `errors` one sentence a field, in the order of the fields.

    `wrong` is the sentence above the list: what was not done ("Lỗi: chưa trả lại được gói hồ sơ.").
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        return self.errors.get(name, "")


@dataclass(frozen=True)
class Act:
    """One POST: its address, the session's CSRF token, a one-time token, the row's version as it was shown.

    The one-time token makes twice once: the server keeps its result and shows it again. A version that is
    no longer the row's is a conflict.
    """

    action: str
    csrf: str
    once: str
    version: int | None = None


def act(request: Request, action: str, version: int | None = None) -> Act:
    """The tokens of a form. `request.state.csrf` is set by whoever opened the session; a stranger has none."""
    return Act(action, getattr(request.state, "csrf", ""), secrets.token_urlsafe(16), version)
