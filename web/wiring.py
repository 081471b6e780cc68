"""The house: the one place where ports meet their adapters, for the application, the commands, the demo and benchmarks.

Parts are opened when first asked for and kept. Nothing else in `web` imports `storage`; the few types of it that pages
need are named again here.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from pathlib import Path

from audit_exports.builder import Sources
from evidence.ports import Clock
from identity.contacts import ContactDesk
from identity.factors import FactorLog
from identity.passwords import Passwords
from identity.posts import PostDesk
from identity.sessions import Sessions
from signing.factors.desk import FactorDesk
from storage.accounts import Database, SqlAccounts, SqlSessions, SqlThrottle
from storage.articles import SqlArticles
from storage.auditing import SqlChainHeads, SqlViewLog
from storage.board import SqlBoard
from storage.border import MovedAway, WrongLog
from storage.cases import SqlCaseIndex
from storage.catalogues import SqlCatalogues
from storage.ciphers.blobs import EncryptedBlobs, StoredBytes
from storage.ciphers.keys import CaseKeys
from storage.ciphers.parts import SqlPartShredder
from storage.ciphers.shred import SqlShredder
from storage.database import connect, upgrade
from storage.directory import RetroactiveChange, SqlDirectory
from storage.drafts import Draft, DraftFile, DraftKey, DraftTooLarge, SqlDrafts
from storage.factors import SqlChallenges, SqlFactors
from storage.guard import SqlGuard, SqliteGuard
from storage.identities import SqlIdentities
from storage.inbox import SqlInbox
from storage.invitations import SqlInvitations
from storage.jobs import JobRecord, SqlJobs
from storage.ledger import SqlLedger, log_begun, start_log
from storage.links import SqlLinks
from storage.moving import transfer as moving
from storage.moving.backup import BackupReport, Beside, write_backup
from storage.moving.contents import Backup, open_backup
from storage.moving.errors import MovingRefused
from storage.moving.restore import restore as restore_backup
from storage.onetime import SqlSecrets
from storage.outbox import SqlOutbox
from storage.patience import PatientStore
from storage.preparations import SqlPreparations
from storage.recovery import SqlRecovery
from storage.relocated import MovedBlobs, SqlMoves
from storage.stores import object_store, restore_target
from storage.subjects import SqlSubjectRows
from storage.texts import SqliteTextIndex
from storage.tokens import SqlSystems
from storage.vitals import SqlVitals, Vitals
from storage.watched import WatchedBlobs
from web.apiparts import ApiParts
from web.auditroom import AuditRoom
from web.holder import HouseHolder, current_house
from web.linkroom import HousePeople, LinkRoom, box_of, factor_box_of, office_of, passkeys_of
from web.mailroom import MailRoom
from web.masterkey import master_source
from web.meters import Meters
from web.peopleparts import PeopleParts
from web.postoffice import PostOffice
from web.provable import ProvableParts
from web.readiness import HouseError, now, require_ready
from web.releases import registry_of
from web.secondfactor import SecondFactors, second_of
from web.settings import Settings
from web.signingparts import SigningParts
from web.workparts import WorkParts
from workflows.board import Board
from workflows.cases import CaseService
from workflows.catalogues import bundled_catalogues
from workflows.duties import deciding_posts
from workflows.ports import DocumentReader, TextIndex
from workflows.registry import DefinitionRegistry
from workflows.withholding import OBJECT

__all__ = [
    "Backup", "BackupReport", "Beside", "Draft", "DraftFile", "DraftKey", "DraftTooLarge", "House", "HouseError",
    "HouseHolder", "JobRecord", "MovedAway", "MovingRefused", "RetroactiveChange", "SqlDrafts",
    "SqlJobs", "Vitals", "WrongLog", "current_house", "log_begun", "moving", "now", "object_store", "open_backup",
    "require_ready", "restore_backup", "restore_target", "start_log", "upgrade", "write_backup",
]  # fmt: skip


class House(WorkParts, ApiParts, PeopleParts, ProvableParts, SigningParts):
    """One installation, open. ``clock`` and ``passwords`` are parameters so that tests own time and cost.

    ``documents`` reads the files of cases in place of the confined processes; the demonstration gives one, since its
    files are its own, and its past is not mailed to anybody (``mailing``).

    Raises:
        HouseError: from any part, when `flask init` has not been here.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = now,
        passwords: Passwords | None = None,
        documents: DocumentReader | None = None,
        mailing: bool = True,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.passwords = passwords or Passwords()
        self._documents = documents
        self.mailing = mailing
        self._engines: list[Database] = []
        self.meters: Meters | None = None

    @cached_property
    def engine(self) -> Database:
        """The main database."""
        return self._connect(self.settings.database)

    @cached_property
    def ledger(self) -> SqlLedger:
        """The log's entries, chains and tree."""
        require_ready(self.settings)
        return SqlLedger(self.engine, self.settings.origin, clock=self.clock, keys=self.case_keys)

    @cached_property
    def case_keys(self) -> CaseKeys:
        """Keys of cases, under which their files and payloads lie encrypted."""
        life = self.settings.master_key_life * 60.0 if self.settings.master_key_unwrap else float("inf")
        source, encrypting = master_source(self.settings), self.settings.encryption
        return CaseKeys(self.engine, source, encrypting=encrypting, life=life)

    @cached_property
    def blobs(self) -> PatientStore:
        """The sealed files; nobody waits for a store that hangs."""
        return PatientStore(
            WatchedBlobs(EncryptedBlobs(self._moved, self.case_keys, self._withheld), self._watch)
        )

    @cached_property
    def unwithheld(self) -> EncryptedBlobs:
        """The same, also what stands in quarantine: for who decides about it."""
        return EncryptedBlobs(self._moved, self.case_keys)

    def _withheld(self, key: str) -> bool:
        return self.index.has_reference(OBJECT, key)

    @cached_property
    def stored(self) -> StoredBytes:
        """The same files as they lie in the store, for who copies them and needs no key."""
        return StoredBytes(self._moved)

    @cached_property
    def _moved(self) -> MovedBlobs:
        return MovedBlobs(object_store(self.settings, self.clock), SqlMoves(self.engine).find)

    @cached_property
    def shredder(self) -> SqlShredder:
        """Makes an erased case unreadable."""
        return SqlShredder(
            self.engine, self.case_keys, self.clock, ledger=self.ledger, staging=self.settings.staging
        )

    @cached_property
    def part_shredder(self) -> SqlPartShredder:
        """Makes single files and payloads of a case unreadable."""
        return SqlPartShredder(
            self.engine,
            self.case_keys,
            self.clock,
            self._moved,
            ledger=self.ledger,
            staging=self.settings.staging,
        )

    @cached_property
    def guard(self) -> SqlGuard:
        """The last signed head, outside the main database."""
        url = self.settings.guard_url
        if url.startswith("postgresql"):
            return SqlGuard(self._connect(url))
        path = url.removeprefix("sqlite:///") if url else self.settings.data / "guard.sqlite3"
        return SqliteGuard(Path(path))

    @cached_property
    def definitions(self) -> DefinitionRegistry:
        """Every process definition ever released here: the program's and the installation's own."""
        return registry_of(self.ledger, self.blobs)

    @cached_property
    def articles(self) -> SqlArticles:
        """What closed cases teach."""
        return SqlArticles(self.engine)

    @cached_property
    def index(self) -> SqlCaseIndex:
        """Lists and searches of cases."""
        return SqlCaseIndex(self.engine)

    @cached_property
    def board(self) -> Board:
        """What boards and reports count."""
        return SqlBoard(self.engine, self.settings.tz)

    @cached_property
    def directory(self) -> SqlDirectory:
        """Posts and their holders."""
        return SqlDirectory(self.engine)

    @cached_property
    def posts(self) -> PostDesk:
        """Changes of posts, each with its entry."""
        return PostDesk(self.ledger, self.directory, self.clock, deciding_posts(self.definitions.processes()))

    @cached_property
    def contacts(self) -> ContactDesk:
        """Changes of people without an account, each with its entry."""
        return ContactDesk(self.ledger, self.directory, self.clock)

    @cached_property
    def catalogues(self) -> SqlCatalogues:
        """Lists in force."""
        return SqlCatalogues(self.engine, self.ledger, bundled_catalogues(self.definitions.processes()))

    @cached_property
    def cases(self) -> CaseService:
        """The only writer of case entries."""
        return CaseService(
            ledger=self.ledger,
            blobs=self.blobs,
            definitions=self.definitions,
            calendar=lambda: self.calendar,
            clock=self.clock,
            index=self.index,
            directory=self.directory,
            catalogues=self.catalogues,
            reader=self.documents,
            retention_years=self.settings.retention_years,
            max_files=self.settings.max_files,
            mailing=self.mailing,
        )

    @cached_property
    def export_sources(self) -> Sources:
        """What audit packages are made from."""
        return Sources(self.ledger, self.blobs, self.definitions, self.base_calendar, self.vkeys)

    @property
    def documents(self) -> DocumentReader:
        """What reads the files of cases: the confined processes, unless another was given."""
        return self._documents or self.reader

    @cached_property
    def texts(self) -> TextIndex:
        """What sealed files say."""
        return SqliteTextIndex(self.settings.data / "texts.sqlite3")

    @cached_property
    def subject_rows(self) -> SqlSubjectRows:
        """What stands about people beside the ledger."""
        return SqlSubjectRows(self.engine)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """Mails that wait to be sent."""
        return SqlOutbox(self.engine, self.clock)

    @cached_property
    def inbox(self) -> SqlInbox:
        """Mails that arrived."""
        return SqlInbox(self.engine)

    @cached_property
    def mailroom(self) -> MailRoom:
        """Mail in."""
        return MailRoom(self)

    @cached_property
    def mail(self) -> PostOffice:
        """Mail out."""
        return PostOffice(self)

    @cached_property
    def links(self) -> LinkRoom:
        """Personal links, and what is signed through them."""
        factors, log = SqlFactors(self.engine), FactorLog(self.ledger)
        return LinkRoom(
            office_of(
                self.settings,
                store=SqlLinks(self.engine),
                cases=self.cases,
                blobs=self.blobs,
                people=HousePeople(self.accounts, self.directory, self.definitions.processes, self.clock),
                reader=self.reader,
                signer=lambda: self.signer,
                efirma=lambda: self.efirma,
                preparations=SqlPreparations(self.engine),
                factors=factors,
                mail=lambda: self.mail.desk,
                throttle=self.throttle,
                clock=self.clock,
            ),
            SqlSecrets(self.engine),
            box_of(self.settings),
            FactorDesk(factors, log, factor_box_of(self.settings), self.clock),
            passkeys_of(self.settings, factors, SqlChallenges(self.engine), log, self.clock),
        )

    @cached_property
    def room(self) -> AuditRoom:
        """The auditors' room."""
        return AuditRoom(self, SqlChainHeads(self.engine), SqlViewLog(self.engine), self.invitations)

    @cached_property
    def invitations(self) -> SqlInvitations:
        """Links by which somebody first enters."""
        return SqlInvitations(self.engine)

    @cached_property
    def identities(self) -> SqlIdentities:
        """Who of the company's directory is which account."""
        return SqlIdentities(self.engine)

    @cached_property
    def accounts(self) -> SqlAccounts:
        """Users and roles."""
        return SqlAccounts(self.engine)

    @cached_property
    def systems(self) -> SqlSystems:
        """What is kept of other systems."""
        return SqlSystems(self.engine)

    @cached_property
    def sessions(self) -> Sessions:
        """Who is signed in."""
        wanted = self.settings
        return Sessions(
            SqlSessions(self.engine),
            self.accounts,
            self.clock,
            idle=timedelta(minutes=wanted.session_idle_minutes),
            absolute=timedelta(hours=wanted.session_hours),
            most=wanted.sessions_each,
        )

    @cached_property
    def second(self) -> SecondFactors:
        """Second factors of accounts."""
        return second_of(self, SqlRecovery(self.engine))

    @cached_property
    def throttle(self) -> SqlThrottle:
        """Counts of login attempts."""
        return SqlThrottle(self.engine)

    @cached_property
    def drafts(self) -> SqlDrafts:
        """Work in progress."""
        return SqlDrafts(self.engine)

    @cached_property
    def vitals(self) -> SqlVitals:
        """What operators watch."""
        return SqlVitals(self.engine)

    def _watch(self, operation: str, seconds: float, error: BaseException | None) -> None:
        """Time the object store where somebody counts: a server does, a command does not."""
        if self.meters is not None:
            self.meters.watch_store(operation, seconds, error)

    @cached_property
    def jobs(self) -> SqlJobs:
        """Progress of long work."""
        return SqlJobs(self.engine)

    def close(self) -> None:
        """Let go of the databases' connections."""
        for engine in self._engines:
            engine.dispose()

    def _connect(self, url: str) -> Database:
        engine = connect(url)
        self._engines.append(engine)
        return engine
