"""Entering by the company's directory: what is between the button here and the session, on any worker.

Between the two there is a row, of one browser, for ten minutes, used once (as for second factors, decision 0160). The
browser keeps the secret; the row holds its digest, what the sign-in is for and nothing by which it could be finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from anchoring.guarded import Guarded
from anchoring.transport import Unreachable
from evidence.entry import format_time
from identity.access import Granter
from identity.accounts import User, new_opaque
from identity.invitations import Invitation, InvitationStore
from identity.oidc.errors import (
    DirectoryInvitationDead,
    DirectoryOff,
    DirectoryOther,
    DirectoryRefused,
    DirectoryStale,
    DirectoryTaken,
    DirectoryUnknown,
    DirectoryUnreachable,
    DirectoryWeak,
)
from identity.oidc.flow import address, code_of, end_session, redeem, secrets_of
from identity.oidc.identities import IdentityDesk
from identity.oidc.provider import Client, Provider
from identity.oidc.tokens import LEEWAY_SECONDS, Ended, Person, ended_by
from identity.sessions import digest
from identity.throttle import Limit
from signing.factors.records import ChallengeStore
from signing.tokens import is_token, new_token, token_hash

if TYPE_CHECKING:
    from web.wiring import House

CALLBACK = "/entrar/directorio/regreso"
PLACE = "directory"
"""What an invitation to bind an account is to."""
GOOD_FOR = timedelta(days=7)
PENDING = timedelta(minutes=10)
ENTER, PROVE, BIND = "enter", "prove", "bind"
KNOCKS = Limit(free=60, first=timedelta(seconds=30), longest=timedelta(minutes=10), memory=timedelta(hours=1))
TEMPLATE = "invitacion_directorio"
_PURPOSE, _LOGOUT = "oidc", "oidc-logout"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-in at the directory under way: what for, of which account, by which invitation, since when, and onward."""

    what: str
    account: str = ""
    invitation: str = ""
    began: int = 0
    onward: str = "/"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came back from the directory and whose account it is."""

    waiting: Waiting
    user: User
    person: Person


class GuardedHttp:
    """`identity.oidc.provider.Http` by the sender that speaks to public addresses, or those the operator named."""

    def __init__(self, inside: frozenset[str]) -> None:
        self._sender = Guarded(inside)

    def get(self, url: str) -> tuple[int, bytes]:
        """See the port."""
        try:
            found = self._sender.get(url)
        except Unreachable as error:
            raise DirectoryUnreachable("no answer") from error
        return found.status, found.body

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, bytes]:
        """See the port."""
        media, told = "application/x-www-form-urlencoded", {"Accept": "application/json", **headers}
        try:
            found = self._sender.send(url, urlencode(form).encode(), media, told)
        except Unreachable as error:
            raise DirectoryUnreachable("no answer") from error
        return found.status, found.body


class DirectoryDoor:
    """See the module. Errors: those of `identity.oidc.errors`."""

    def __init__(self, house: House, identities: IdentityDesk, invitations: InvitationStore) -> None:
        self._house = house
        self.identities = identities
        self._invitations = invitations
        wanted = house.settings
        self._key = hashlib.sha256(b"oidc\n" + wanted.secret_key.encode()).digest()
        self._provider = Provider(
            Client(wanted.oidc_issuer, wanted.oidc_client_id, wanted.oidc_client_secret, wanted.oidc_strong),
            GuardedHttp(wanted.inside_hosts),
        )

    @property
    def open(self) -> bool:
        """Whether a directory is configured."""
        return bool(self._house.settings.oidc_issuer)

    @property
    def provider(self) -> Provider:
        """The directory. Raises `DirectoryOff`."""
        if not self.open:
            raise DirectoryOff
        return self._provider

    def only(self, user: User) -> bool:
        """Whether an account enters by the directory alone."""
        return self.open and user.has_any(self._house.settings.oidc_only_roles)

    def bound(self, account: str) -> bool:
        """Whether an account can prove itself at the directory."""
        if not self.open:
            return False
        held = self.identities.store.of(account)
        return held is not None and held.issuer == self._house.settings.oidc_issuer

    def begin(self, waiting: Waiting, language: str) -> tuple[str, str]:
        """The secret this browser keeps, and where it goes."""
        token = new_token()
        where = address(
            self.provider,
            secrets_of(token, self._key),
            self._back(),
            again=waiting.what == PROVE,
            language=language,
        )
        now = self._house.clock()
        content = {
            "what": waiting.what,
            "account": waiting.account,
            "invitation": waiting.invitation,
            "began": int(now.timestamp()),
            "onward": waiting.onward,
        }
        known = digest(token)
        self._challenges.keep(
            known, _PURPOSE, known, json.dumps(content).encode(), format_time(now + PENDING)
        )
        return token, where

    def finish(self, token: str, told: Mapping[str, str]) -> Arrival:
        """What the browser brought back: believed once, and only in the browser that began."""
        now, known = self._house.clock(), digest(token)
        found = self._challenges.take(known, _PURPOSE, known, format_time(now)) if token else None
        if found is None:
            raise DirectoryStale
        waiting, secrets = Waiting(**json.loads(found)), secrets_of(token, self._key)
        code = code_of(told, self.provider, secrets)
        person = redeem(self.provider, secrets, code, self._back(), now)
        user = self._bind(waiting, person) if waiting.what == BIND else self._known(person, now)
        if waiting.what == PROVE:
            self._proved(waiting, user, person)
        return Arrival(waiting, user, person)

    def invite(self, user: User, by: Granter) -> Invitation:
        """Write to somebody with an account: by the link they bind it to who they are in the directory.

        Raises:
            DirectoryOff, DirectoryTaken; NoPublicAddress.
        """
        _ = self.provider
        if self.identities.store.of(user.id) is not None:  # by an issuer of before, too: it is released first
            raise DirectoryTaken
        token, now = new_token(), self._house.clock()
        link = self._house.links.office.address_of(f"/entrar/invitacion/{token}")
        until = now + GOOD_FOR
        made = Invitation(
            token_hash(token), new_opaque("i-"), user.id, PLACE, by.id, format_time(now), format_time(until)
        )
        self._invitations.add(made)
        local = until.astimezone(self._house.settings.tz)
        self._house.mail.desk.enqueue(
            TEMPLATE,
            user.email,
            {
                "folio": "",
                "nombre": user.name,
                "vence": f"{local:%d/%m/%Y %H:%M}",
                "vence_en": f"{local:%Y-%m-%d %H:%M}",
            },
            key=f"directory/{made.id}",
            secrets={"enlace": link},
            name=user.name,
        )
        return made

    def guest(self, token: str, place: str) -> tuple[Invitation, User]:
        """Who stands before a link; looking changes nothing. Raises `DirectoryInvitationDead`, `TooManyTries`."""
        found = self._invitations.find(token_hash(token)) if is_token(token) else None
        now = self._house.clock()
        if found is not None and found.place == PLACE and found.good(format_time(now)):
            user = self._house.accounts.get(found.account, now)
            if user is not None and user.active:
                return found, user
        self._house.links.office.limit("link-miss", place, KNOCKS)
        raise DirectoryInvitationDead

    def leaving(self, language: str) -> str:
        """Where the directory's own session is ended, or ``""``: leaving here never waits for the directory."""
        try:
            back = self._house.settings.public_url + "/entrar"
            return end_session(self.provider, back, language)
        except (DirectoryUnreachable, DirectoryRefused, DirectoryOff):
            return ""

    def end(self, token: str) -> int:
        """The directory says that a session of it ended (back channel): ours that came from it end; how many."""
        now = self._house.clock()
        ended = ended_by(token, self.provider, now)
        known, moment = digest(ended.id), format_time(now)
        if self._challenges.find(known, _LOGOUT, known, moment) is not None:
            raise DirectoryRefused("jti")
        until = format_time(now + PENDING + timedelta(seconds=2 * LEEWAY_SECONDS))
        count = self._end(ended)
        self._challenges.keep(known, _LOGOUT, known, b"", until)  # afterwards: what failed may be sent again
        return count

    def _end(self, ended: Ended) -> int:
        if ended.sid:
            return self._house.sessions.end_at_directory("", ended.sid)
        bound = self.identities.store.find(self.provider.client.issuer, ended.sub)
        return self._house.sessions.end_at_directory(bound.account, "") if bound is not None else 0

    def _known(self, person: Person, now: datetime) -> User:
        bound = self.identities.store.find(self.provider.client.issuer, person.sub)
        user = self._house.accounts.get(bound.account, now) if bound is not None else None
        if user is None or not user.active:
            raise DirectoryUnknown
        return user

    def _proved(self, waiting: Waiting, user: User, person: Person) -> None:
        """Who was asked to prove themselves did so now, and with as much as is asked of them."""
        if user.id != waiting.account:
            raise DirectoryOther
        if person.auth_time < waiting.began - LEEWAY_SECONDS:
            raise DirectoryRefused("auth_time")
        if not person.strong and (self._house.second.has(user.id) or self._house.second.wanted(user)):
            raise DirectoryWeak

    def _bind(self, waiting: Waiting, person: Person) -> User:
        """By an invitation, once; the invitation is not spent on who cannot be bound."""
        issuer, now = self.provider.client.issuer, self._house.clock()
        user = self._house.accounts.get(waiting.account, now)
        if user is None or not user.active:
            raise DirectoryInvitationDead
        store = self.identities.store
        if store.find(issuer, person.sub) is not None or store.of(user.id) is not None:
            raise DirectoryTaken
        if not self._invitations.take(waiting.invitation, format_time(now)):
            raise DirectoryInvitationDead
        role = min((str(role) for role in user.roles), default="system")
        self.identities.bind(user.id, issuer, person.sub, Granter(user.id, role, "web"))
        self._invitations.used(waiting.invitation)
        return user

    def _back(self) -> str:
        return self._house.settings.public_url + CALLBACK

    @property
    def _challenges(self) -> ChallengeStore:
        return self._house.links.passkeys.challenges
