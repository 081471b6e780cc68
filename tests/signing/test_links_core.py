"""Requests, links and signatures on a real installation: rows, ledger, outbox, objects and seal are the product's."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from evidence.entry import EntryKind
from signing.act import act_commitment
from signing.errors import (
    AlreadyAnswered,
    ConsentStale,
    DocumentDiffers,
    DocumentUnsignable,
    LinkDead,
    LinkError,
    MethodInvalid,
    NoAddress,
    NoPublicAddress,
    SigningFailed,
    TermInvalid,
    TooManyTries,
)
from signing.links import Standing
from signing.ports import SignedDocument, SigningUnavailable
from signing.records import Request, Status
from signing.tokens import is_token, new_token, token_hash
from tests.fakes.dumps import dump
from tests.fakes.papers import png
from tests.fakes.signing_room import ADDRESS, BY, CONSENT, PHONE_PLACE, SigningRoom, typed
from workflows.commands import RecordStep, Upload
from workflows.errors import FieldInvalid


def test_a_letter_goes_from_the_request_to_the_signed_pdf(
    asked: tuple[SigningRoom, Request, Standing],
) -> None:
    """E1, D3, D5: asked, mailed, opened, signed; the signed file begins with the bytes shown and is judged good."""
    room, request, standing = asked
    shown = room.links.signing.document(standing, request.id)
    room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
    kinds = [kind for kind in room.kinds(request.folio) if not kind.startswith("mail")]
    assert kinds[:2] == ["evidence.recorded", "signature.requested"]
    assert [kind for kind in kinds if kind in {"link.issued", "link.opened", "document.signed"}] == [
        "link.issued",
        "link.opened",
        "document.signed",
    ]
    signed = next(s for s in room.entries(request.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    with room.place.house.blobs.open(signed.entry.objects[0]) as stream:
        pdf = stream.read()
    assert pdf.startswith(shown)
    assert len(pdf) > len(shown)
    assert room.place.house.signer.validate(pdf).good
    assert room.links.office.store.request(request.id).status is Status.SIGNED  # type: ignore[union-attr]
    assert room.place.house.cases.view(request.folio).state.step("9").status == "hecho"


def test_e2_everything_about_the_act_is_in_one_payload_that_the_signature_commits_to(
    asked: tuple[SigningRoom, Request, Standing],
) -> None:
    """E2, M3: consent, digest shown, picture's hash, browser, both addresses, zone, language, method, level."""
    room, request, standing = asked
    room.links.signing.sign(standing, request.id, typed(request, method="drawn", picture=png()), PHONE_PLACE)
    sealed = next(s for s in room.entries(request.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    act = sealed.payload()["act"]
    assert isinstance(act, dict)
    assert act["document"] == request.digest
    assert act["consent"] == {"version": CONSENT.version, "sha256": CONSENT.sha256, "text": CONSENT.text}
    assert len(str(act["signature_image"])) == 64
    assert act["address"] == {"raw": "203.0.113.9", "resolved": "198.51.100.7"}
    assert (act["user_agent"], act["zone"], act["locale"]) == (
        PHONE_PLACE.user_agent,
        "America/Mexico_City",
        "es",
    )
    assert (act["method"], act["level"]) == ("drawn", "N1")
    assert sealed.entry.facts["act"] == act_commitment(act)
    with room.place.house.blobs.open(sealed.entry.objects[0]) as stream:
        assert str(sealed.entry.facts["act"]) in _reason(stream.read())
    for secret in (PHONE_PLACE.address, PHONE_PLACE.raw, "Quiriarte"):
        assert secret.encode() not in sealed.entry_bytes


def _reason(pdf: bytes) -> str:
    from pypdf import PdfReader  # noqa: PLC0415 - only here

    fields = PdfReader(io.BytesIO(pdf)).get_fields() or {}
    signature = next(item for item in fields.values() if item.get("/FT") == "/Sig")
    return str(signature["/V"]["/Reason"])


@pytest.mark.embedded("it reads the database file")
def test_t3_nothing_that_is_kept_holds_the_token(asked: tuple[SigningRoom, Request, Standing]) -> None:
    """T3: 256 bits; only the SHA-256 lies in the database; the token is in no entry, object, row or index."""
    room, request, standing = asked
    token = room.token()
    assert is_token(token)
    room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
    room.mails()
    data = room.place.settings.data
    rows = dump(data)
    assert token_hash(token) in rows
    assert token not in rows
    outside = data / "outbox"
    for path in data.rglob("*"):
        if path.is_file() and outside not in path.parents:
            content = path.read_bytes()
            assert token.encode() not in content, path
            assert token.encode().hex().encode() not in content.lower(), path


def test_t1_a_hundred_fetches_by_machines_change_nothing(room: SigningRoom) -> None:
    """T1, T2: no visit, no change of the request; one entry a day and class says so, with nobody as its actor."""
    request = room.ask(room.case())
    token = room.token()
    before = room.links.office.store.request(request.id)
    for n in range(100):
        agent = "Mozilla/5.0 SafeLinks" if n % 2 else "Mozilla/5.0 (Windows NT 10.0)"
        room.links.links.fetched(token, replace(PHONE_PLACE, user_agent=agent), ("GET", "HEAD")[n % 3 == 0])
    assert room.links.office.store.request(request.id) == before
    fetched = [s.entry for s in room.entries(request.folio) if s.entry.kind is EntryKind.LINK_FETCHED]
    assert {entry.facts["actor_class"] for entry in fetched} == {"machine", "unknown"}
    assert len(fetched) == 2
    assert {entry.actor for entry in fetched} == {"unidentified"}
    assert EntryKind.LINK_OPENED not in {s.entry.kind for s in room.entries(request.folio)}
    room.open(token)
    opened = [s.entry for s in room.entries(request.folio) if s.entry.kind is EntryKind.LINK_OPENED]
    assert [(entry.actor, entry.facts["actor_class"]) for entry in opened] == [(room.director.id, "person")]
    assert opened[0].facts["counts"] == {"fetches": 100}


def test_t4_an_altered_token_opens_nothing(room: SigningRoom) -> None:
    """T4: whatever the last characters decode to, another text is another token."""
    room.ask(room.case())
    token = room.token()
    for other in (token[:-1] + ("A" if token[-1] != "A" else "B"), token + "A", token[:-1], token.lower()):
        with pytest.raises(LinkDead):
            room.links.links.open(other, PHONE_PLACE)


def test_t5_twenty_signatures_at_once_are_one(asked: tuple[SigningRoom, Request, Standing]) -> None:
    """T5: one signature, one entry, one PDF; all others hear that it is signed already."""
    room, request, standing = asked

    def press(_n: int) -> str:
        try:
            room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
        except AlreadyAnswered as error:
            return error.fields["how"]
        return "mine"

    with ThreadPoolExecutor(20) as pool:
        answers = sorted(pool.map(press, range(20)))
    assert answers == ["mine", *["signed"] * 19]
    signed = [s for s in room.entries(request.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED]
    assert len(signed) == 1
    pdfs = [item for item in room.place.house.blobs.list() if item.size > 10_000]
    assert len([item for item in pdfs if item.key == signed[0].entry.objects[0].key]) == 1


def test_t6_after_its_time_the_link_opens_nothing_and_gives_nothing_out(
    asked: tuple[SigningRoom, Request, Standing],
) -> None:
    """T6: neither opening nor downloading nor signing once it expired, though nobody has swept yet."""
    room, request, standing = asked
    token = room.token()
    room.place.clock.offset += timedelta(days=6)
    with pytest.raises(LinkDead):
        room.links.links.open(token, PHONE_PLACE)
    with pytest.raises(LinkDead):
        room.links.links.stand(standing.visit.id, "x" * 43, PHONE_PLACE)
    with pytest.raises(TermInvalid):
        room.ask(request.folio, expires_at=room.place.clock() - timedelta(minutes=1))


@pytest.mark.parametrize("how", ["resend", "withdraw", "decline", "delegate", "report", "sign"])
def test_t7_what_changes_a_request_kills_its_links(room: SigningRoom, how: str) -> None:
    """T7: resend, withdrawal, refusal, delegation, report and signature: the link that was mailed opens no more."""
    deputy = room.deputy()
    request = room.ask(room.case(), delegable=True)
    token = room.token()
    standing = room.open(token)
    reason = "Por ausencia de unos días"
    acts = {
        "resend": lambda: room.links.desk.resend(request.id, room.actor),
        "withdraw": lambda: room.links.desk.withdraw(request.id, room.actor, reason),
        "decline": lambda: room.links.refusing.decline(standing, request.id, reason, PHONE_PLACE),
        "delegate": lambda: room.links.refusing.delegate(
            standing, request.id, deputy.id, reason, PHONE_PLACE
        ),
        "report": lambda: room.links.refusing.report(standing, request.id, "No sé qué es", PHONE_PLACE),
        "sign": lambda: room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE),
    }
    acts[how]()
    with pytest.raises(LinkDead):
        room.links.links.open(token, PHONE_PLACE)
    if how in {"resend", "delegate"}:
        fresh = room.token()
        assert fresh != token
        room.open(fresh)


def test_t8_a_link_is_bound_to_signatory_and_document(asked: tuple[SigningRoom, Request, Standing]) -> None:
    """T8: a form that names another document signs nothing, and the case says what was tried."""
    room, request, standing = asked
    with pytest.raises(DocumentDiffers):
        room.links.signing.sign(standing, request.id, typed(request, digest="0" * 64), PHONE_PLACE)
    assert room.kinds(request.folio)[-1] == "document.differed"
    other = room.ask(room.case(2), signatory=room.director.id)
    with pytest.raises(LinkDead):
        standing.request(other.id)


def test_t9_another_browser_has_no_part_in_a_visit(asked: tuple[SigningRoom, Request, Standing]) -> None:
    """T9: the visit's address alone opens nothing: its secret is in the cookie."""
    room, _request, standing = asked
    with pytest.raises(LinkDead):
        room.links.links.stand(standing.visit.id, new_token(), PHONE_PLACE)


def test_t11_guessing_is_slowed_and_all_dead_links_look_alike(room: SigningRoom) -> None:
    """T11: one refusal for unknown and dead; too many from one address, and nothing more is looked up."""
    answers = [_refused(room, text) for text in ("nada", *(new_token() for _ in range(100)))]
    assert answers[0] is answers[1] is LinkDead
    assert answers[-1] is TooManyTries
    elsewhere = replace(PHONE_PLACE, address="198.51.100.99")
    with pytest.raises(LinkDead):
        room.links.links.open(new_token(), elsewhere)


def _refused(room: SigningRoom, token: str) -> type[LinkError]:
    with pytest.raises(LinkError) as told:
        room.links.links.open(token, PHONE_PLACE)
    return told.type


def test_t12_the_links_host_is_the_settings(room: SigningRoom, tmp_path: Path) -> None:
    """T12: from the configured address and from nothing else; without one no request is made."""
    room.ask(room.case())
    assert f"{ADDRESS}/s/{room.token()}" in room.mails()[-1]
    bare = SigningRoom.begin(tmp_path / "otra", {"CONSTANCIA_PUBLIC_URL": ""})
    folio = bare.case()
    with pytest.raises(NoPublicAddress):
        bare.ask(folio)
    bare.place.close()


@pytest.mark.embedded("a file of the object store is overwritten")
def test_d1_an_object_swapped_after_it_was_shown_is_not_signed(
    asked: tuple[SigningRoom, Request, Standing],
) -> None:
    """D1: re-read and re-hashed at the moment of signing: nothing signed, an entry, the request waits as before."""
    room, request, standing = asked
    assert room.links.signing.document(standing, request.id)
    path = room.place.settings.data / "objects" / request.document.key
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-8] + b"cambiado")
    with pytest.raises(DocumentDiffers):
        room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
    assert room.kinds(request.folio)[-1] == "document.differed"
    assert room.links.office.store.request(request.id).status is Status.PENDING  # type: ignore[union-attr]


@pytest.mark.parametrize("stage", ["sign", "validate", "prefix"])
def test_a_failure_leaves_the_request_waiting(
    asked: tuple[SigningRoom, Request, Standing], monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """D3, D5: no seal, a seal that is not good, or a rewritten file: nothing is recorded, and the next try succeeds."""
    room, request, standing = asked
    true = room.place.house.signer

    class Broken:
        def sign(self, pdf: bytes, **more: object) -> object:
            if stage == "sign":
                raise SigningUnavailable("no")
            made = true.sign(pdf, **more)  # type: ignore[arg-type]
            return replace(made, pdf=b"%PDF-1.7 otra") if stage == "prefix" else made

        def validate(self, pdf: bytes, **more: object) -> object:
            found = true.validate(pdf, **more)  # type: ignore[arg-type]
            return replace(found, good=False, problems=("digest_mismatch",)) if stage == "validate" else found

    with monkeypatch.context() as patch:
        patch.setitem(room.place.house.__dict__, "signer", Broken())
        with pytest.raises(SigningFailed):
            room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
    assert "document.signed" not in room.kinds(request.folio)
    room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
    assert "document.signed" in room.kinds(request.folio)


def test_d6_a_time_stamp_that_failed_is_pending_and_is_had_later(
    asked: tuple[SigningRoom, Request, Standing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D6: the state is visible and is never a bare time; the sweep asks again, and the longer file is an entry."""
    room, request, standing = asked
    true = room.place.house.signer
    asked_again = []

    class Late:
        def sign(self, pdf: bytes, **more: object) -> object:
            return replace(true.sign(pdf, **more), stamp="pending")  # type: ignore[arg-type]

        def validate(self, pdf: bytes, **more: object) -> object:
            return replace(true.validate(pdf, **more), good=True)  # type: ignore[arg-type]

        def add_stamp(self, pdf: bytes) -> object:
            asked_again.append(pdf)
            if len(asked_again) == 1:
                raise SigningUnavailable("no answer")
            longer = pdf + b"%sello\n" + pdf[pdf.rindex(b"startxref") :]
            return SignedDocument(longer, "B-T", "ab" * 32, "made", room.links.office.now())

    with monkeypatch.context() as patch:
        patch.setitem(room.place.house.__dict__, "signer", Late())
        room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
        assert room.place.house.cases.requests.of_case(request.folio)[0].seal["stamp"] == "pending"
        assert room.links.sweeper.run(room.place.clock()).stamped == ()
        assert room.links.sweeper.run(room.place.clock()).stamped == ()
        assert len(asked_again) == 1
        room.place.clock.offset += timedelta(minutes=16)
        assert room.links.sweeper.run(room.place.clock()).stamped == (request.id,)
        assert room.links.sweeper.run(room.place.clock()).stamped == ()
    state = room.place.house.cases.requests.of_case(request.folio)[0]
    assert (state.seal["stamp"], state.status) == ("made", "signed")
    assert room.kinds(request.folio).count("document.stamped") == 1
    blob, _name = room.place.house.cases.requests.signed_file(request.folio, request.id)
    with room.place.house.blobs.open(blob) as stream:
        assert stream.read().startswith(asked_again[0])


@pytest.mark.embedded("it looks at a file of the object store; tests/signing/test_locked_letters.py has S3")
def test_d4_what_was_signed_is_kept_under_lock(asked: tuple[SigningRoom, Request, Standing]) -> None:
    """D4: the signed file is a new object that nobody writes to; the one shown stays as it was."""
    room, request, standing = asked
    room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
    signed = next(s.entry for s in room.entries(request.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    assert signed.objects[0].sha256 != request.digest
    path = room.place.settings.data / "objects" / signed.objects[0].key
    assert not path.stat().st_mode & 0o222


def test_what_is_sent_with_a_signature_is_checked(asked: tuple[SigningRoom, Request, Standing]) -> None:
    """D2 and more: the consent must be the one in force, the picture a picture; a PDF is none, and none is taken."""
    room, request, standing = asked
    sign = room.links.signing.sign
    with pytest.raises(ConsentStale):
        sign(standing, request.id, typed(request, consent="2020-01-01/es"), PHONE_PLACE)
    for bad in (
        {"method": "typed", "typed": " "},
        {"method": "telepathy"},
        {"method": "drawn"},
        {"method": "uploaded", "picture": b"%PDF-1.4 soy otra carta"},
        {"method": "uploaded", "picture": b"nada"},
        {"method": "uploaded", "picture": b"\x89PNG" + bytes(3_000_000)},
    ):
        with pytest.raises(MethodInvalid):
            sign(standing, request.id, typed(request, **bad), PHONE_PLACE)
    assert "document.signed" not in room.kinds(request.folio)


def test_d7_a_letter_that_is_signed_already_is_not_asked_for(room: SigningRoom) -> None:
    """D7: a signature field, or a hybrid cross reference, and the request is refused before anything is written."""
    folio = room.case()
    plain = room.links.desk.choices(folio, "9").letters[0]
    with room.place.house.blobs.open(plain.blob) as stream:
        content = stream.read()
    signed = room.place.house.signer.sign(
        content, signatory="X", reason="x", stamp=_stamp(), at=room.place.clock()
    )
    other = room.case(2)
    from workflows.commands import Supersede  # noqa: PLC0415 - only here

    seq = room.links.desk.choices(other, "9").letters[0].seq
    room.place.house.cases.supersede(
        Supersede(other, seq, room.actor, "Era otra carta", (Upload("firmada.pdf", io.BytesIO(signed.pdf)),))
    )
    with pytest.raises(DocumentUnsignable):
        room.ask(other)
    assert "signature.requested" not in room.kinds(other)


def _stamp() -> object:
    from signing.ports import Stamp  # noqa: PLC0415 - only here

    return Stamp("X", "", "MA-001-2026-000001", "N1", "0" * 64, f"{ADDRESS}/verificar/x")


def test_a_person_without_an_address_is_not_asked(room: SigningRoom) -> None:
    """The refusal names the person, and nothing is written."""
    folio = room.case()
    mute = room.place.house.contacts.change(replace(room.director, email=""), BY)
    with pytest.raises(NoAddress):
        room.ask(folio, signatory=mute.id)
    assert room.kinds(folio) == []


def test_declining_takes_the_case_to_its_end_and_tells_who_asked(
    asked: tuple[SigningRoom, Request, Standing],
) -> None:
    """The step's own refusal, an entry, and a mail."""
    room, request, standing = asked
    room.links.refusing.decline(standing, request.id, "No procede este año", PHONE_PLACE)
    assert room.place.house.cases.view(request.folio).state.status == "rechazado"
    assert "no firmó" in room.mails()[-1]
    with pytest.raises(LinkError):
        room.links.refusing.decline(standing, request.id, "Otra vez lo digo", PHONE_PLACE)


def test_m1_texts_of_people_stay_texts_in_mails(room: SigningRoom) -> None:
    """M1: right-to-left marks in a note are refused; line breaks, headers and markup in it are words, escaped."""
    folio = room.case()
    with pytest.raises(FieldInvalid):
        room.ask(folio, note="carta\u202egpj.exe")
    room.ask(folio, note="Hola\r\nBcc: mala@x.example <b>ya</b> <script>1</script>")
    text = [item for item in room.mails() if "/s/" in item][-1]
    assert "\nBcc:" not in text
    raw = max((room.place.settings.data / "outbox").rglob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    mail = message_from_bytes(raw.read_bytes(), policy=policy.default)
    page = mail.get_body(("html",))
    assert page is not None
    assert "&lt;script&gt;" in page.get_content()
    assert "<b>ya" not in page.get_content()
    assert mail["Bcc"] is None


def test_the_step_recorded_on_paper_meanwhile_leaves_the_link_without_effect(
    asked: tuple[SigningRoom, Request, Standing],
) -> None:
    """Who signs late hears that the step is done, and nothing is half written."""
    room, request, standing = asked
    from tests.fakes.papers import eml, pdf  # noqa: PLC0415 - only here

    uploads = (Upload("f.pdf", io.BytesIO(pdf(3))), Upload("r.eml", io.BytesIO(eml())))
    room.place.house.cases.record(RecordStep(request.folio, "9", room.actor, uploads))
    with pytest.raises(Exception, match="step_not_open"):
        room.links.signing.sign(standing, request.id, typed(request), PHONE_PLACE)
    assert "document.signed" not in room.kinds(request.folio)
