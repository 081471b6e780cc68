"""Passkeys behind a personal link: enrolled after a code read out by telephone, opening visits, signing letters.

Opening a visit shows whose key it is. A signature takes another act of the key, over the digests of the letters that
are signed: only that makes it level N3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from evidence.canonical import Json
from evidence.entry import EntryKind
from identity.access import Granter
from identity.throttle import Limit
from signing.act import placed
from signing.behind import BehindLink
from signing.errors import FactorNeeded, PasskeyInvalid
from signing.factors.passkeys import PasskeyDesk, Proof
from signing.factors.records import PASSKEY
from signing.issuing import Issuer
from signing.levels import CODE, level_of
from signing.links import LinkDesk, Standing
from signing.office import Office, Place
from signing.records import Request
from signing.tokens import new_id
from workflows.facts import Facts
from workflows.requests import LINK_ROLE, VIA_LINK

VISIT, SIGN = "visit", "sign"
ENOUGH = frozenset({"code", PASSKEY})
"""Who enrols a key was read a code by somebody of the desk, in this visit, or proved a key enrolled so before."""
CHALLENGES = Limit(
    free=60, first=timedelta(seconds=30), longest=timedelta(minutes=10), memory=timedelta(hours=1)
)


class KeyVisits(BehindLink):
    """See the module."""

    def __init__(self, office: Office, links: LinkDesk, issuer: Issuer, desk: PasskeyDesk) -> None:
        super().__init__(office, links, issuer)
        self.desk = desk

    def has(self, standing: Standing) -> bool:
        """Whether the visitor has a passkey."""
        return bool(self.desk.of(standing.visit.signatory))

    def may_enrol(self, standing: Standing) -> bool:
        """See `ENOUGH`; where browsers have keys for this address at all."""
        return standing.visit.factor in ENOUGH and bool(self.desk.origin())

    def begin(self, standing: Standing) -> dict[str, Json]:
        """Options to make a passkey. Raises `FactorNeeded`, `PasskeyInvalid`."""
        self._cleared(standing)
        who = self.office.person(standing.visit.signatory)
        return self.desk.begin(who.id, who.name, _scope(standing))

    def confirm(self, standing: Standing, raw: object, label: str = "") -> None:
        """The passkey made. Raises `FactorNeeded`, `PasskeyInvalid`."""
        self._cleared(standing)
        who = standing.visit.signatory
        self.desk.confirm(who, _scope(standing), raw, _by(who), label)

    def ask(self, standing: Standing) -> dict[str, Json]:
        """Options to open the visit. Raises `PasskeyInvalid`, `TooManyTries`."""
        return self._asked(standing, VISIT, {"visit": standing.visit.id})

    def verify(self, standing: Standing, raw: object, place: Place) -> None:
        """What the key answered; right, it gives the visit its factor. Raises `PasskeyInvalid`."""
        key = f"passkey/{new_id('k-')}"
        proof = self._proved(standing, VISIT, raw, standing.open, key, place)
        self.office.store.prove(standing.visit.id, PASSKEY)
        self._each(
            standing, standing.open, EntryKind.CODE_VERIFIED, key, place, {"passkey": dict(proof.record)}
        )

    def ask_sign(self, standing: Standing, chosen: Sequence[str]) -> dict[str, Json]:
        """Options to sign letters, in one act for all of them. Raises as `ask`, and `LinkDead`, `FactorNeeded`."""
        wanted = [standing.request(request) for request in chosen]
        return self._asked(standing, SIGN, {"visit": standing.visit.id, "letters": letters_of(wanted)})

    def signed(self, standing: Standing, raw: object, place: Place) -> Proof:
        """What the key signed; `signing.acting` sees that it covers what is signed. Raises `PasskeyInvalid`."""
        return self._proved(standing, SIGN, raw, standing.open, f"passkey/{new_id('k-')}", place)

    def _asked(self, standing: Standing, purpose: str, statement: Mapping[str, Json]) -> dict[str, Json]:
        self.office.limit("link-passkey", standing.link.token_hash, CHALLENGES)
        return self.desk.ask(purpose, _scope(standing), standing.visit.signatory, statement)

    def _proved(
        self,
        standing: Standing,
        purpose: str,
        raw: object,
        waiting: Sequence[Request],
        key: str,
        place: Place,
    ) -> Proof:
        """Refusals are entries too."""
        try:
            return self.desk.prove(purpose, _scope(standing), raw, _by, standing.visit.signatory)
        except PasskeyInvalid as error:
            self._each(standing, waiting, EntryKind.CODE_FAILED, key, place, {"why": error.fields["why"]})
            raise

    def _cleared(self, standing: Standing) -> None:
        if level_of(standing.visit.factor) < CODE or not self.may_enrol(standing):
            raise FactorNeeded

    def _each(
        self,
        standing: Standing,
        waiting: Sequence[Request],
        kind: EntryKind,
        key: str,
        place: Place,
        private: Mapping[str, Json],
    ) -> None:
        """Tell the case of every waiting request behind the link."""
        for request in waiting:
            facts = Facts(through=standing.link.id, factor=PASSKEY)
            self.tell(
                standing, request, kind, f"{key}/{request.id}", facts, private={**placed(place), **private}
            )


def letters_of(requests: Sequence[Request]) -> list[Json]:
    """Requests with the digests of their letters, as a statement has them."""
    return [{"request": item.id, "document": item.digest} for item in sorted(requests, key=lambda r: r.id)]


def _scope(standing: Standing) -> str:
    return f"visit/{standing.visit.id}"


def _by(owner: str) -> Granter:
    return Granter(owner, LINK_ROLE, VIA_LINK)
