"""The room of personal links, put together: desks on one office, and who people are in this house."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Protocol

from evidence.entry import format_time
from evidence.ports import BlobStore, Clock
from identity.accounts import AccountStore
from identity.contacts import Contact
from identity.factors import FactorLog
from identity.posts import Appointment
from identity.throttle import ThrottleStore
from notifications.desk import MailDesk
from signing.acting import SigningDesk
from signing.codes import CodeDesk
from signing.declining import RefusingDesk
from signing.desk import RequestDesk
from signing.efirmadesk import EfirmaDesk
from signing.efirmaports import EfirmaSigner, PreparationStore
from signing.factors.desk import FactorDesk
from signing.factors.keyvisits import KeyVisits
from signing.factors.passkeys import PasskeyDesk
from signing.factors.records import ChallengeStore, FactorStore
from signing.factors.visiting import FactorVisits
from signing.factors.webauthn import party_of
from signing.issuing import Issuer
from signing.kinds.answers import AnswerDesk
from signing.kinds.box import SecretBox
from signing.kinds.onetime import SecretDesk
from signing.kinds.returns import ReturnDesk
from signing.kinds.review import ReviewDesk
from signing.kinds.store import SecretStore
from signing.links import LinkDesk
from signing.office import Office
from signing.ports import Notice, Person, PictureReader, Signer
from signing.store import LinkStore
from signing.sweeping import Sweeper
from signing.tokens import Marks
from web.settings import Settings
from workflows.cases import CaseService
from workflows.definition import Definition
from workflows.ports import Holder


class Directory(Protocol):
    """What is asked of the directory here."""

    def contact(self, contact_id: str) -> Contact | None: ...  # noqa: D102 - see `identity.contacts.ContactBook`
    def everyone(self, moment: datetime) -> tuple[Holder, ...]: ...  # noqa: D102 - every holder of every post
    def backups(self) -> tuple[Appointment, ...]: ...  # noqa: D102 - everybody who may stand in for somebody


class HousePeople:
    """`signing.ports.People` of this house: accounts and contacts, with the post they hold."""

    def __init__(
        self,
        accounts: AccountStore,
        directory: Directory,
        definitions: Callable[[], tuple[Definition, ...]],
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._directory = directory
        self._definitions = definitions
        self._clock = clock

    def person(self, actor: str) -> Person | None:
        """See the port."""
        contact = self._directory.contact(actor)
        if contact is not None:
            return Person(contact.id, contact.name, contact.email, contact.phone, self._post(actor))
        user = self._accounts.get(actor, self._clock())
        if user is None or not user.active:
            return None
        return Person(user.id, user.name, user.email, "", self._post(actor))

    def stand_ins(self, principal: str, moment: datetime) -> tuple[str, ...]:
        """See the port."""
        at = format_time(moment)
        return tuple(
            item.actor
            for item in self._directory.backups()
            if item.principal == principal and item.paper and item.holds_at(at)
        )

    def _post(self, actor: str) -> str:
        """What the processes call a post that somebody holds now, the first of them."""
        held = {holder.post for holder in self._directory.everyone(self._clock()) if holder.actor == actor}
        names = (
            role.name.es
            for item in self._definitions()
            for role in item.roles
            if role.post and role.post in held
        )
        return next(names, "")


class HousePostman:
    """`signing.ports.Postman` over the outbox."""

    def __init__(self, desk: Callable[[], MailDesk]) -> None:
        self._desk = desk

    def post(self, notice: Notice) -> None:
        """See the port."""
        self._desk().enqueue(
            notice.template,
            notice.address,
            notice.context,
            key=notice.key,
            case=notice.case,
            secrets=notice.secrets,
            name=notice.name,
            step=notice.step,
        )


class LinkRoom:
    """Every desk of `signing`, opened when first asked for."""

    def __init__(
        self,
        office: Office,
        secrets: SecretStore,
        box: SecretBox,
        factors: FactorDesk,
        passkeys: PasskeyDesk,
    ) -> None:
        self.office = office
        self._secrets = secrets
        self._box = box
        self.factors = factors
        self.passkeys = passkeys

    @cached_property
    def keys(self) -> KeyVisits:
        """Takes what people's own passkeys sign, and lets them enrol one."""
        return KeyVisits(self.office, self.links, self.issuer, self.passkeys)

    @cached_property
    def own(self) -> FactorVisits:
        """Takes codes of people's own applications, and lets them enrol one."""
        return FactorVisits(self.office, self.links, self.issuer, self.factors)

    @cached_property
    def answers(self) -> AnswerDesk:
        """Asks for answers, and takes them."""
        return AnswerDesk(self.office, self.links, self.issuer)

    @cached_property
    def onetime(self) -> SecretDesk:
        """Leaves secrets, and shows them once."""
        return SecretDesk(self.office, self.links, self.issuer, self._secrets, self._box)

    @cached_property
    def returns(self) -> ReturnDesk:
        """Asks for signed letters back, and takes them."""
        return ReturnDesk(self.office, self.links, self.issuer)

    @cached_property
    def reviews(self) -> ReviewDesk:
        """Asks areas to review their rows, and takes what they decide."""
        return ReviewDesk(self.office, self.links, self.issuer)

    @cached_property
    def issuer(self) -> Issuer:
        """Makes links and mails them."""
        return Issuer(self.office)

    @cached_property
    def desk(self) -> RequestDesk:
        """Asks for signatures."""
        return RequestDesk(self.office, self.issuer)

    @cached_property
    def links(self) -> LinkDesk:
        """Opens links."""
        return LinkDesk(self.office)

    @cached_property
    def signing(self) -> SigningDesk:
        """Takes signatures."""
        return SigningDesk(self.office, self.links, self.issuer)

    @cached_property
    def efirma(self) -> EfirmaDesk:
        """Takes signatures with a certificate of one's own."""
        return EfirmaDesk(self.office, self.links, self.issuer)

    @cached_property
    def refusing(self) -> RefusingDesk:
        """Takes the other answers."""
        return RefusingDesk(self.office, self.links, self.issuer)

    @cached_property
    def codes(self) -> CodeDesk:
        """Codes read out by telephone."""
        return CodeDesk(self.office, self.links, self.issuer)

    @cached_property
    def sweeper(self) -> Sweeper:
        """Reminders and expiry."""
        return Sweeper(self.office, self.issuer, self.desk, self._sweep)

    def _sweep(self) -> None:
        """What hangs on requests that are over, and challenges nobody answered."""
        self.onetime.sweep()
        self.passkeys.challenges.purge(self.office.now())


def marks_of(settings: Settings) -> Marks:
    """HMACs under the installation's secret."""
    return Marks(hashlib.sha256(b"links\n" + settings.secret_key.encode()).digest())


def box_of(settings: Settings) -> SecretBox:
    """What hides secrets at rest: its keys come from the installation's secret, which is in no database."""
    return SecretBox(settings.secret_key.encode())


def factor_box_of(settings: Settings) -> SecretBox:
    """What hides secrets of authenticators, under keys that open nothing else."""
    return SecretBox(settings.secret_key.encode(), b"constancia/v1/own-factor\n")


def passkeys_of(
    settings: Settings, factors: FactorStore, challenges: ChallengeStore, log: FactorLog, clock: Clock
) -> PasskeyDesk:
    """Passkeys of the address that people use."""
    return PasskeyDesk(factors, challenges, log, lambda: party_of(settings.public_url), clock)


def office_of(  # noqa: PLR0913 - the ports are its parameters
    settings: Settings,
    *,
    store: LinkStore,
    cases: CaseService,
    blobs: BlobStore,
    people: HousePeople,
    reader: PictureReader,
    signer: Callable[[], Signer],
    mail: Callable[[], MailDesk],
    throttle: ThrottleStore,
    clock: Clock,
    efirma: Callable[[], EfirmaSigner],
    preparations: PreparationStore,
    factors: FactorStore,
) -> Office:
    """The office of an installation; what costs time to open (the seal, the mail) is opened when it is needed."""
    return Office(
        store=store,
        cases=cases,
        blobs=blobs,
        people=people,
        reader=reader,
        signer=signer,
        postman=HousePostman(mail),
        throttle=throttle,
        marks=marks_of(settings),
        clock=clock,
        public_url=settings.public_url,
        zone=str(settings.tz),
        phone=settings.desk_phone,
        efirma=efirma,
        preparations=preparations,
        factors=factors,
    )
