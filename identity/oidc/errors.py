"""What goes wrong at the directory's door. None of these says a claim, a code or a token: they end up in logs."""

from __future__ import annotations

from identity.accounts import IdentityError


class DirectoryRefused(IdentityError):
    """The directory's answer is not believed; ``why`` is the code of the check that failed, for operators."""

    code = "directory_refused"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class DirectoryUnreachable(IdentityError):
    """The directory does not answer, or not as OpenID Connect asks; it can be tried again."""

    code = "directory_unreachable"


class DirectoryStale(IdentityError):
    """The sign-in began too long ago, in another browser, or its answer was used already."""

    code = "directory_stale"


class DirectoryDenied(IdentityError):
    """The directory itself said no, or the person did there."""

    code = "directory_denied"


class DirectoryUnknown(IdentityError):
    """The directory knows the person, and no account here is bound to them."""

    code = "directory_unknown"


class DirectoryOnly(IdentityError):
    """The account enters by the directory alone: its password, or its key, opens nothing."""

    code = "directory_only"


class DirectoryOther(IdentityError):
    """Somebody else signed in at the directory than whom the account is bound to."""

    code = "directory_other"


class DirectoryWeak(IdentityError):
    """The directory did not say that a second factor was used."""

    code = "directory_weak"


class DirectoryTaken(IdentityError):
    """The directory's identity, or the account, is bound already."""

    code = "directory_taken"


class DirectoryOff(IdentityError):
    """No directory is configured."""

    code = "directory_off"


class DirectoryLate(IdentityError):
    """Who entered by the directory did so too long ago for what stands in place of a password."""

    code = "directory_late"


class DirectoryInvitationDead(IdentityError):
    """An invitation to bind an account is unknown, used, replaced or past: one answer."""

    code = "directory_invitation"
