"""Anchors in a package, a policy's quorum, time stamps judged by openssl, and a checkpoint the auditor kept."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pypdf import PdfReader

from anchoring.desk import AnchorDesk
from anchoring.timestamps import Authority, Chain
from anchoring.transport import Answer
from anchoring.witnesses import WitnessClient
from audit_exports.containers import ZipContainer
from audit_exports.packagecheck import PackageReport, check_package
from audit_exports.stamps import OpensslStamps
from audit_exports.trust import Trust
from audit_exports.verify import main
from evidence.checkpoint import Checkpoint, sign_checkpoint
from evidence.findings import Code, Verdict
from evidence.note import SigningKey
from evidence.policy import Policy, parse_policy
from evidence.policy import Witness as Named
from tests.audit_exports.resealing import codes, contents, reseal
from tests.audit_exports.sample_desk import Desk, two_cases
from tests.servers.timestamping import TimestampAuthority, timestamp_authority
from witness.book import SqliteBook
from witness.witness import Witness

KEY = SigningKey("testigo.example/w1", bytes([7]) * 32)
STRANGER = SigningKey("extrano.example/w9", bytes([9]) * 32)


@dataclass
class Anchored:
    """A desk whose log was anchored at 8 entries and has grown since, its package, and what verifies it."""

    desk: Desk
    package: bytes
    chain: Path
    kept: bytes

    def policy(self, quorum: str = "w1") -> Policy:
        """The auditor's own policy."""
        lines = [f"log {self.desk.vkey}", f"witness w1 {KEY.cosigner.text}"]
        lines += [f"witness w9 {STRANGER.cosigner.text}", "group both all w1 w9", f"quorum {quorum}", ""]
        return parse_policy("\n".join(lines).encode())

    def verify(self, package: bytes | None = None, **trust: object) -> PackageReport:
        """The verifier with the log's key and what else is trusted."""
        (folder := self.chain.parent / "p.zip").write_bytes(package or self.package)
        policy = trust.get("policy") or self.policy("none")
        with folder.open("rb") as stream:
            container = ZipContainer(stream)
            given = {"keys": policy.log_keys, **trust}  # type: ignore[attr-defined]
            report = check_package(container, Trust(**given))  # type: ignore[arg-type]
            container.close()
        return report


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimestampAuthority]:
    """A running authority."""
    with timestamp_authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory, authority: TimestampAuthority) -> Anchored:
    """See the class; read only."""
    folder = tmp_path_factory.mktemp("anchored")
    desk = two_cases()
    book = SqliteBook(folder / "book")
    witness = Witness(KEY, [desk.key.verifier], book, lambda: datetime(2026, 3, 2, 18, tzinfo=UTC))
    asked = Named("w1", KEY.cosigner, "http://testigo.example")
    client = WitnessClient(
        asked, lambda _url, body, _media: Answer(200, "text/plain", witness.add_checkpoint(body))
    )
    stamps = Authority("sello", authority.url, Chain((authority.root,)))
    kept = desk.ledger.notes[8][0]
    outcome = AnchorDesk(desk.ledger, desk.blobs, desk.clock, [client], [stamps]).anchor(kept)
    assert len(outcome.anchored) == 2
    desk.open("Otra persona")
    desk.publish()
    desk.export(folder / "paquete.zip")
    (folder / "chain.pem").write_bytes(authority.root.public_bytes(Encoding.PEM))
    return Anchored(desk, (folder / "paquete.zip").read_bytes(), folder / "chain.pem", kept)


def test_without_trust_in_others_the_level_is_a0(anchored: Anchored) -> None:
    """What the package says of its anchors is not believed."""
    report = anchored.verify()
    assert (report.verdict, report.level, report.anchors, report.findings) == (Verdict.VALID, "A0", (), ())


def test_the_auditors_policy_and_roots_raise_the_level(anchored: Anchored) -> None:
    """A2 by openssl under his certificates, A3 by his witness; each with name, size and time."""
    stamps = OpensslStamps(anchored.chain)
    report = anchored.verify(stamps=stamps)
    assert (report.verdict, report.level) == (Verdict.VALID, "A2")
    report = anchored.verify(stamps=stamps, policy=anchored.policy())
    assert (report.verdict, report.level, report.findings) == (Verdict.VALID, "A3", ())
    told = [(item["level"], item["name"], item["size"]) for item in report.anchors]
    assert told == [("A3", "testigo.example/w1", 8), ("A2", "sello", 8)]
    assert report.anchors[0]["time"] == "2026-03-02T18:00:00.000000Z"


def test_the_report_and_the_verdict_name_who_anchored_and_when(
    anchored: Anchored, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The page to sign lists every anchor; the verdict says which held, and which travel and would raise the level."""
    offered = {str(item["name"]): item for item in anchored.verify().offered}
    assert {item["kind"] for item in offered.values()} == {"timestamp", "cosignature"}
    pages = PdfReader(io.BytesIO(contents(anchored.package)["data/report.pdf"])).pages
    text = " ".join(page.extract_text() for page in pages)
    for name, item in offered.items():
        assert name in text
        assert str(item["time"])[:10] in text
    (tmp_path / "p.zip").write_bytes(anchored.package)
    assert main([str(tmp_path / "p.zip"), "--vkey", anchored.desk.vkey]) == 0
    out = capsys.readouterr().out
    for name in offered:
        assert f": {name}, " in out
    assert "trae sin juzgar, con --tsa-chain" in out
    main([str(tmp_path / "p.zip"), "--vkey", anchored.desk.vkey, "--tsa-chain", str(anchored.chain)])
    assert "trae sin juzgar, con --tsa-chain" not in capsys.readouterr().out


def test_a_quorum_that_is_not_met_is_unverifiable(anchored: Anchored) -> None:
    """Two witnesses were asked for, one has signed."""
    report = anchored.verify(policy=anchored.policy("both"))
    assert (report.verdict, codes(report)) == (Verdict.UNVERIFIABLE, {Code.QUORUM_UNMET})


def test_a_stamp_under_other_certificates_is_found(anchored: Anchored, tmp_path: Path) -> None:
    """The auditor said whom he trusts, and it is not by them."""
    with timestamp_authority(tmp_path) as other:
        (tmp_path / "other.pem").write_bytes(other.root.public_bytes(Encoding.PEM))
    report = anchored.verify(stamps=OpensslStamps(tmp_path / "other.pem"))
    assert (report.verdict, codes(report)) == (Verdict.INVALID, {Code.ANCHOR_INVALID})


class Later(OpensslStamps):
    """Openssl in a year in which the certificates behind some stamps have ended."""

    def __init__(self, chain: Path, *ended: bytes) -> None:
        super().__init__(chain)
        self._ended = ended

    def ended(self, response: bytes, message: bytes) -> bool:
        """As told, once openssl still agrees as of the stamp's own time."""
        assert self(response, message)
        return response in self._ended


def test_a_stamp_outlives_its_certificate_under_a_later_one(
    desk: Desk, authority: TimestampAuthority, tmp_path: Path
) -> None:
    """A later stamp over a checkpoint with the earlier one's entry renews it; without such a one it is said."""
    (tmp_path / "chain.pem").write_bytes(authority.root.public_bytes(Encoding.PEM))
    first, second = (Authority(name, authority.url, Chain((authority.root,))) for name in ("uno", "dos"))
    desk.open("Una")
    note = desk.ledger.notes[desk.publish()][0]
    AnchorDesk(desk.ledger, desk.blobs, desk.clock, (), [first]).anchor(note)
    alone = desk.publish()
    desk.export(tmp_path / "alone.zip")
    AnchorDesk(desk.ledger, desk.blobs, desk.clock, (), [second]).anchor(desk.ledger.notes[alone][0])
    desk.publish()
    desk.export(tmp_path / "both.zip")
    old = contents((tmp_path / "both.zip").read_bytes())["data/cadena/anclas/1-2"]
    assert not OpensslStamps(tmp_path / "chain.pem").ended(old, note)
    for name, found in (("alone.zip", {"anchor.aged"}), ("both.zip", set())):
        with (tmp_path / name).open("rb") as stream:
            trust = Trust((desk.key.verifier,), stamps=Later(tmp_path / "chain.pem", old))
            report = check_package(ZipContainer(stream), trust)
        assert (report.verdict, report.level, codes(report)) == (Verdict.VALID, "A2", found)


def test_a_checkpoint_kept_from_an_anchor_is_continued(anchored: Anchored) -> None:
    """The proof travels for anchors' sizes; the verdict stays valid."""
    assert anchored.verify(since=anchored.kept).findings == ()


def test_a_kept_checkpoint_that_contradicts_is_a_fork(anchored: Anchored) -> None:
    """Two notes by the log's own key that cannot both be true are its misbehaviour, shown with both texts."""
    origin, key = anchored.desk.ledger.origin, anchored.desk.key
    for size in (8, 13, 14):
        other = sign_checkpoint(Checkpoint(origin, size, bytes(32)), key)
        report = anchored.verify(since=other)
        if size > report.size:
            assert (report.verdict, codes(report)) == (Verdict.UNVERIFIABLE, {"since.later"})
        elif size in (8, report.size):
            (fork,) = report.findings
            assert (report.verdict, fork.code) == (Verdict.INVALID, Code.LOG_FORKED)
            assert f"\\n{size}\\n" in fork.expected
        else:
            assert (report.verdict, codes(report)) == (Verdict.UNVERIFIABLE, {"since.unproved"})


def test_a_kept_checkpoint_of_somebody_else_is_told(anchored: Anchored) -> None:
    """Another key's note says nothing of this log."""
    other = SigningKey(anchored.desk.ledger.origin, bytes([3]) * 32)
    note = sign_checkpoint(Checkpoint(other.name, 8, bytes(32)), other)
    assert codes(anchored.verify(since=note)) == {Code.CHECKPOINT_KEY}
    assert codes(anchored.verify(since=b"nada")) == {Code.CHECKPOINT_MALFORMED}


def test_a_package_proves_growth_from_earlier_packages_and_from_what_is_asked(
    desk: Desk, tmp_path: Path
) -> None:
    """From the checkpoint of every package before it, and from one that somebody brings."""
    asked = desk.ledger.tree_size()
    desk.open("Una")
    first = desk.publish()
    desk.export(tmp_path / "1.zip")
    desk.open("Dos")
    desk.publish()
    desk.export(tmp_path / "2.zip")
    desk.export(tmp_path / "3.zip", since=[asked, 5])
    two, three = (contents((tmp_path / name).read_bytes()) for name in ("2.zip", "3.zip"))
    found = {name for name in two if "consistencia" in name}
    assert found == {f"data/cadena/consistencia/{first}.txt"}
    found = {name for name in three if "consistencia" in name}
    assert found == {f"data/cadena/consistencia/{size}.txt" for size in (asked, first)}
    (tmp_path / "kept").write_bytes(desk.ledger.notes[asked][0])
    arguments = ["--vkey", desk.vkey, "--since", str(tmp_path / "kept"), "--json"]
    assert main([str(tmp_path / "3.zip"), *arguments]) == 0
    assert main([str(tmp_path / "2.zip"), *arguments]) == 2


@pytest.mark.parametrize("place", ["1-1", "1-2", "2-2", "entries/1.json"])
def test_a_changed_anchor_is_found(anchored: Anchored, place: str) -> None:
    """Its entry is under the checkpoint, and its objects are in the entry."""
    files = contents(anchored.package)
    name = f"data/cadena/anclas/{place}"
    changed = files[name][:-9] + bytes([files[name][-9] ^ 1]) + files[name][-8:]
    assert anchored.verify(reseal(files, {name: changed})).verdict is Verdict.INVALID


def test_a_changed_proof_of_growth_is_found(anchored: Anchored) -> None:
    """Any byte of it: proof and note."""
    files = contents(anchored.package)
    name = "data/cadena/consistencia/8.txt"
    for at in range(0, len(files[name]), 7):
        changed = bytearray(files[name])
        changed[at] ^= 1
        report = anchored.verify(reseal(files, {name: bytes(changed)}))
        assert report.verdict is not Verdict.VALID, at


def test_the_command_takes_policy_and_certificates(
    anchored: Anchored, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status, text and JSON name level and anchors."""
    (tmp_path / "p.zip").write_bytes(anchored.package)
    lines = [f"log {anchored.desk.vkey}", f"witness w1 {KEY.cosigner.text}", "quorum w1", ""]
    (tmp_path / "policy").write_text("\n".join(lines))
    arguments = [
        str(tmp_path / "p.zip"),
        "--policy",
        str(tmp_path / "policy"),
        "--tsa-chain",
        str(anchored.chain),
    ]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "A3 testigo.example/w1: 8" in text
    assert "A2 sello: 8" in text
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["level"] == "A3"
