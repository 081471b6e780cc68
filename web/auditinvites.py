"""Invitations to audit: an account for somebody from outside, a place among the auditors, and a link by mail.

The link is good once and for some days; what is written down of it is its digest and an opaque id. The house's people
never learn the password: whoever opens the link chooses it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from auditing.chain import AUDITOR_ROLES, By, Chain
from auditing.desk import EngagementDesk
from auditing.errors import AuditRefused
from auditing.model import Engagement, Kind
from evidence.entry import format_time, parse_time
from identity.access import Granter
from identity.accounts import Role, User, clean_name, new_opaque, normalise_email
from identity.invitations import Invitation, InvitationStore, awaited
from signing.links import BY_ADDRESS
from signing.tokens import is_token, new_token, token_hash

if TYPE_CHECKING:
    from web.wiring import House

GOOD_FOR = timedelta(days=7)
"""How long a link waits; never longer than the engagement lasts."""
TEMPLATE = "invitacion_auditoria"
_ROLE = Role(AUDITOR_ROLES[Kind.EXTERNAL])


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody before their link: the invitation, their account and the engagement."""

    invitation: Invitation
    user: User
    state: Engagement


class Invitations:
    """See the module."""

    def __init__(
        self, house: House, chain: Chain, engagements: EngagementDesk, store: InvitationStore
    ) -> None:
        self._house = house
        self._chain = chain
        self._engagements = engagements
        self._store = store

    def invite(self, by: By, engagement: str, email: str, name: str) -> bool:
        """Name somebody among the auditors and write to them; whether the mail carries a link to set a password.

        Who has used their account before is named and told, without a link: they have a password.

        Raises:
            AuditRefused: ``not_a_keeper``, ``engagement_over``, ``invite_internal``, ``auditor_unfit``.
            IdentityError: the address or the name is none.
            NoPublicAddress: links need `CONSTANCIA_PUBLIC_URL`; nothing was written.
            StoreError.
        """
        self._chain.keeper(by)
        state = self._chain.register.get(engagement)
        self._chain.open(state)
        if state.terms.kind is not Kind.EXTERNAL:
            raise AuditRefused("invite_internal")
        address = self._house.links.office.address_of  # refused here, before anything is written
        room = address(f"/auditoria/{engagement}")
        user = self._account(by, email, name)
        first = awaited(self._store.of(user.id))
        if not first:
            self._engagements.invite(by, engagement, user.id, "", "")
            self._write(by, user, state, room, "", f"auditor/{engagement}/{user.id}/{state.entries}")
            return False
        token, invited = self._new(by, user, state)
        self._engagements.invite(by, engagement, user.id, invited.id, invited.expires_at)
        self._store.add(invited)
        self._write(by, user, state, room, address(f"/invitacion/{token}"), f"auditor/{invited.id}", invited)
        return True

    def guest(self, token: str, place: str) -> Guest:
        """Who stands before a link; looking changes nothing.

        Raises:
            AuditRefused: ``invitation_dead``: unknown, used, replaced or past, or the engagement is over; all alike.
            TooManyTries: this address asked for too many that are none.
        """
        found = self._store.find(token_hash(token)) if is_token(token) else None
        now = self._house.clock()
        user = self._house.accounts.get(found.account, now) if found is not None else None
        if found is not None and user is not None and found.good(format_time(now)):
            state = self._chain.register.get(found.place)
            fit = user.active and user.id in state.terms.auditors and state.live(self._chain.today())
            if fit and user.has_any(frozenset({_ROLE})):
                return Guest(found, user, state)
        self._house.links.office.limit("link-miss", place, BY_ADDRESS)
        raise AuditRefused("invitation_dead")

    def accept(self, token: str, password: str, place: str) -> Guest:
        """Set the password and end the link. The entry stands before the password: nobody comes in untold.

        Raises:
            PasswordRefused: by the rules for passwords; the link is still good.
            AuditRefused, TooManyTries: as `guest`.
            StoreError: another invitation is needed where the link was taken before.
        """
        guest = self.guest(token, place)
        self._house.access.check_password(guest.user, password)
        if not self._store.take(guest.invitation.token_hash, format_time(self._house.clock())):
            raise AuditRefused("invitation_dead")
        by = By(guest.user.id, str(_ROLE))
        self._engagements.admit(by, guest.state.id, guest.invitation.id)
        self._house.access.set_password(guest.user.id, password)
        self._house.sessions.end_all(guest.user.id)
        self._store.used(guest.invitation.token_hash)
        return guest

    def waiting(self, account: str) -> bool:
        """Whether an account was made by invitation and nobody has come by it yet."""
        return awaited(self._store.of(account))

    def _account(self, by: By, email: str, name: str) -> User:
        """The external auditor with that address, made where there is none; refuses anybody who works at the desk."""
        now = self._house.clock()
        known = self._house.accounts.by_email(normalise_email(email), now)
        if known is not None and known.user.active:
            if known.user.roles != {_ROLE}:
                raise AuditRefused("auditor_unfit", role=str(_ROLE))
            return known.user
        granter = Granter(by.id, by.role, by.via, by.os_user)
        user = self._house.access.add_user(
            email=email, name=clean_name(name), roles=[_ROLE], password=secrets.token_urlsafe(32), by=granter
        )
        # A mark that nobody has come yet, there even where what follows fails: the next invitation is a first one too.
        self._store.add(self._mark(by, user))
        return user

    def _mark(self, by: By, user: User) -> Invitation:
        now = format_time(self._house.clock())
        return Invitation(token_hash(new_token()), new_opaque("i-"), user.id, "", by.id, now, now)

    def _new(self, by: By, user: User, state: Engagement) -> tuple[str, Invitation]:
        token, now = new_token(), self._house.clock()
        day = datetime.fromisoformat(state.terms.expires).date() + timedelta(days=1)
        last = datetime.combine(day, time(), self._chain.zone).astimezone(UTC)
        until = format_time(min(now + GOOD_FOR, last))
        made = Invitation(
            token_hash(token), new_opaque("i-"), user.id, state.id, by.id, format_time(now), until
        )
        return token, made

    def _write(
        self,
        by: By,
        user: User,
        state: Engagement,
        room: str,
        link: str,
        key: str,
        invited: Invitation | None = None,
    ) -> None:
        keeper = self._house.accounts.get(by.id, self._house.clock())
        until = parse_time(invited.expires_at).astimezone(self._chain.zone) if invited else None
        self._house.mail.desk.enqueue(
            TEMPLATE,
            user.email,
            {
                "folio": "",
                "encargo": state.title or state.id,
                "quien": keeper.name if keeper else "",
                "nombre": user.name,
                "vigencia": "/".join(reversed(state.terms.expires.split("-"))),
                "vigencia_en": state.terms.expires,
                "vence": f"{until:%d/%m/%Y %H:%M}" if until else "",
                "vence_en": f"{until:%Y-%m-%d %H:%M}" if until else "",
                "espacio": room,
            },
            key=key,
            secrets={"enlace": link},
            name=user.name,
        )
