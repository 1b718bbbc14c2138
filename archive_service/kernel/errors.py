"""Requests that cannot be done, each with the status and the stable name that the caller sees.

    ArchiveError
    ├── NotPossible       422  the request itself is wrong
    │   └── TooLarge      413
    ├── SignInNeeded      401
    ├── Forbidden         403  an act on a visible thing that this person may not do
    │   └── PasswordNeeded     the act wants the password again
    ├── Missing           404  no such thing, or none that this person may see: never told apart
    ├── Conflict          409  somebody was faster, or the state does not allow it
    ├── TooMany           429
    └── TryLater          503  a service that we need is away; nothing is lost

A faulty package is no error: it is `findings.Finding` values. Any other exception is our own fault and is
told by the job row or by an incident number. The doors render these as `application/problem+json`
(RFC 9457) or as the same sentence on the terminal.
"""

from __future__ import annotations

URN = "urn:vn-archive:problem:"


class ArchiveError(Exception):
    """The request cannot be done. `vi` and `en` are whole sentences that say what to do next."""

    status = 500
    name = "error"

    def __init__(self, vi: str, en: str, *, name: str | None = None, **extra: object) -> None:
        super().__init__(en)
        self.vi, self.en, self.extra = vi, en, extra
        self.name = name or type(self).name

    @property
    def type(self) -> str:
        """The problem type: a URN that stays the same for ever."""
        return URN + self.name

    def sentence(self, language: str) -> str:
        return self.en if language == "en" else self.vi


class NotPossible(ArchiveError):
    status, name = 422, "not-possible"


class TooLarge(NotPossible):
    status, name = 413, "too-large"


class SignInNeeded(ArchiveError):
    status, name = 401, "sign-in-needed"

    def __init__(self) -> None:
        super().__init__("Đề nghị đăng nhập.", "Sign in first.")


class Forbidden(ArchiveError):
    status, name = 403, "forbidden"


class PasswordNeeded(Forbidden):
    name = "password-needed"

    def __init__(self) -> None:
        super().__init__(
            "Đề nghị nhập lại mật khẩu để thực hiện việc này.", "Enter your password again for this act."
        )


class Missing(ArchiveError):
    status, name = 404, "missing"

    def __init__(self) -> None:
        super().__init__(
            "Không có nội dung này, hoặc Ông/Bà không được xem.",
            "There is no such thing, or you may not see it.",
        )


class Conflict(ArchiveError):
    status, name = 409, "conflict"


class TooMany(ArchiveError):
    status, name = 429, "too-many"


class TryLater(ArchiveError):
    status, name = 503, "try-later"
