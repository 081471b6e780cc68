"""The parts of the house by which others can trust it: keys, publisher, witnesses and time stamps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from urllib.parse import urlsplit

from anchoring.desk import AnchorDesk
from anchoring.guarded import Guarded
from anchoring.timestamps import Authority, Chain, verify_token
from anchoring.witnesses import WitnessClient
from evidence.keyring import Keyring
from evidence.note import SigningKey, VerifierKey
from evidence.outside import Trust
from evidence.policy import Policy, parse_policy
from evidence.ports import BlobStore, CheckpointGuard, Clock, LedgerStore
from evidence.publisher import Publisher
from web.keyfiles import KeyFiles
from web.readiness import HouseError, require_ready
from web.settings import Settings


class ProvableParts(ABC):
    """Mixed into the house, which has settings, clock and stores."""

    settings: Settings
    clock: Clock

    @property
    @abstractmethod
    def ledger(self) -> LedgerStore:
        """The log."""

    @property
    @abstractmethod
    def blobs(self) -> BlobStore:
        """The sealed files."""

    @property
    @abstractmethod
    def guard(self) -> CheckpointGuard:
        """The last signed head."""

    @cached_property
    def _keys(self) -> KeyFiles:
        require_ready(self.settings)
        return KeyFiles(self.settings)

    @property
    def keyring(self) -> Keyring:
        """The log's keys as they are at this moment: another process may be replacing one."""
        return self._keys.read()

    @property
    def key(self) -> SigningKey:
        """The log's signing key."""
        return self.keyring.current

    @property
    def vkey(self) -> VerifierKey:
        """The key that strangers verify with."""
        return self.key.verifier

    @property
    def vkeys(self) -> tuple[VerifierKey, ...]:
        """Every key by which this log ever signed, the present one first."""
        return self.keyring.verifiers

    @cached_property
    def publisher(self) -> Publisher:
        """Signs the head."""
        return Publisher(self.ledger, self.guard, lambda: self.keyring.signing, self.clock, self.blobs)

    @cached_property
    def policy(self) -> Policy:
        """Whom this installation trusts beside its own key: the policy file, or nobody.

        Raises:
            HouseError: ``policy_unreadable``.
        """
        path = self.settings.policy
        if path is None:
            return Policy()
        try:
            return parse_policy(path.read_bytes())
        except (OSError, ValueError) as error:
            raise HouseError("policy_unreadable", file=str(path), detail=str(error)) from error

    @cached_property
    def stamp_chain(self) -> Chain | None:
        """The certificates by which time stamps are judged; ``None`` where none are configured.

        Raises:
            HouseError: ``chain_unreadable``.
        """
        path = self.settings.tsa_chain
        if path is None:
            return None
        try:
            return Chain.from_pem(path.read_bytes())
        except (OSError, ValueError) as error:
            raise HouseError("chain_unreadable", file=str(path), detail=str(error)) from error

    @cached_property
    def anchors(self) -> AnchorDesk:
        """Witnesses and authorities that fix checkpoints."""
        send = Guarded(self.settings.inside_hosts).post
        witnesses = [WitnessClient(item, send) for item in self.policy.witnesses if item.url]
        chain = self.stamp_chain
        hosts = [(urlsplit(url).netloc, url) for url in self.settings.tsa_url]
        authorities = [Authority(host, url, chain, send) for host, url in hosts] if chain is not None else []
        return AnchorDesk(self.ledger, self.blobs, self.clock, witnesses, authorities)

    @property
    def trust(self) -> Trust:
        """What a verification by this installation believes: its policy and its authorities' chain."""
        chain = self.stamp_chain
        if chain is None:
            return Trust(self.policy)
        return Trust(self.policy, lambda response, message: verify_token(response, message, chain).made_at)
