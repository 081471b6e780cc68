"""What is refused on the way through a personal link; `web.errors` turns each code into words."""

from __future__ import annotations

from typing import ClassVar


class LinkError(Exception):
    """Base of what this room refuses. ``fields`` are what the message is made from."""

    code: ClassVar[str] = "link"

    def __init__(self, **fields: str) -> None:
        super().__init__(self.code)
        self.fields = fields


class LinkDead(LinkError):
    """Unknown, expired, used or revoked: nobody is told which."""

    code = "link_dead"


class TooManyTries(LinkError):
    """Too many attempts from one address, or at one request."""

    code = "too_many_tries"


class AlreadyAnswered(LinkError):
    """``how``: the request ended meanwhile (signed, declined, …)."""

    code = "already_answered"


class StillSigning(LinkError):
    """Another attempt at the same signature is under way, and has not ended in time."""

    code = "still_signing"


class DocumentDiffers(LinkError):
    """What is stored, or what the form names, is not what was shown: nothing was signed, and the case says so."""

    code = "document_differs"


class SigningFailed(LinkError):
    """The signature could not be made now; the request waits as before. ``why`` is a code."""

    code = "signing_failed"


class ConsentStale(LinkError):
    """The text agreed to is not the one in force."""

    code = "consent_stale"


class MethodInvalid(LinkError):
    """The signature is no picture that can be read, or there is none; ``why``: missing, unreadable, large."""

    code = "method_invalid"


class EfirmaInvalid(LinkError):
    """This e.firma signs nothing here; ``why``: a word of `signing.efirma_certificate.CODES`, ``when`` with dates."""

    code = "efirma_invalid"


class ReturnInvalid(LinkError):
    """What was sent back cannot be taken; ``why``: missing, many, large, unsigned, twice, secrets; ``most`` fits."""

    code = "return_invalid"


class FactorNeeded(LinkError):
    """The request asks for a second factor that this visit has not."""

    code = "factor_needed"


class CodeWrong(LinkError):
    """``left``: how many tries are left of this code."""

    code = "code_wrong"


class CodeGone(LinkError):
    """There is no code, it has expired, or it was tried too often: another one must be asked for."""

    code = "code_gone"


class NoCaller(LinkError):
    """The visit that asked for a code is gone, or never asked."""

    code = "no_caller"


class NotDelegable(LinkError):
    """The request cannot be passed on, or not to that person."""

    code = "not_delegable"


class UnknownPerson(LinkError):
    """Nobody of that id is known here."""

    code = "unknown_person"


class NoAddress(LinkError):
    """``name``: the person has no e-mail address."""

    code = "no_address"


class NoPublicAddress(LinkError):
    """The house has no public address: links could lead nowhere."""

    code = "no_public_address"


class TermInvalid(LinkError):
    """The link would expire in the past, or in more than ``most`` days."""

    code = "term_invalid"


class RfcInvalid(LinkError):
    """What was given as the signatory's RFC is none."""

    code = "rfc_invalid"


class FactorUnknown(LinkError):
    """``options``: the second factors there are."""

    code = "factor_unknown"


class FactorUnable(LinkError):
    """``name``: who is asked has not enrolled what the request would ask for, ``why``."""

    code = "factor_unable"


class FactorAbsent(LinkError):
    """There is no such authenticator in force."""

    code = "factor_absent"


class FactorPresent(LinkError):
    """The person has an authenticator already; it is revoked before another one is enrolled."""

    code = "factor_present"


class FactorBlocked(LinkError):
    """Too many attempts at one authenticator; it can be tried again in some minutes."""

    code = "factor_blocked"


class EnrolmentGone(LinkError):
    """The enrolment was never begun, was taken up again elsewhere, or its time is over."""

    code = "enrolment_gone"


class OwnCodeWrong(LinkError):
    """``left``: how many tries are left for now."""

    code = "own_code_wrong"


class OwnCodeUsed(LinkError):
    """The code was right and was used before: the next one must be waited for."""

    code = "own_code_used"


class PasskeyInvalid(LinkError):
    """A passkey's answer is refused; ``why``: a word of `signing.factors.webauthn.WHY`, or ``absent``, ``many``."""

    code = "passkey_invalid"


class PasskeyNeeded(LinkError):
    """The visit was opened by a passkey, so the signature takes one made by it too."""

    code = "passkey_needed"


class DocumentUnsignable(LinkError):
    """``why``: the letter cannot be signed as it is (signed already, restricted, hybrid, …)."""

    code = "document_unsignable"


class RequestUnknown(LinkError):
    """There is no such request."""

    code = "request_unknown"


class SecretInvalid(LinkError):
    """Nothing was typed, or more than ``most`` characters."""

    code = "secret_invalid"


class SecretGone(LinkError):
    """What was left cannot be opened any more: it must be left again."""

    code = "secret_gone"
