"""Webhooks against a real receiver on loopback: signed, retried, rotated, ended; and who is not spoken to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from anchoring.guarded import Guarded
from identity.access import ACCESS_CASE
from identity.accounts import Role
from identity.tokens import Scope
from notifications.hooks import OVERLAP, RETRIES, DeliveryState
from tests.api.test_api_cases import multipart, opened
from tests.fakes.calling import BY, System
from tests.fakes.installation import Installation
from tests.fakes.papers import eml
from web.hookroom import HookRoom
from web.inception import settle
from web.jobs import Steward

KINDS = ["case.opened", "evidence.recorded"]


@dataclass
class Receiver:
    """An HTTP server that keeps what it is sent and answers what it is told to."""

    url: str = ""
    host: str = ""
    status: int = 204
    location: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def told(self) -> list[dict[str, Any]]:
        """The bodies, parsed."""
        return [json.loads(body) for _headers, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of its own."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(({name.lower(): text for name, text in self.headers.items()}, body))
            self.send_response(found.status)
            if found.location:
                self.send_header("Location", found.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.host = f"127.0.0.1:{server.server_address[1]}"
    found.url = f"http://{found.host}/avisos?de=constancia"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything."""
    with receiving() as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path, receiver: Receiver) -> Iterator[Installation]:
    """An installation whose operator allows that receiver, and nothing else inside."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_WEBHOOK_HOSTS": receiver.host})
    yield made
    made.close()


def subscribed(system: System, receiver: Receiver, *kinds: str) -> tuple[str, str]:
    """A subscription: id and secret."""
    answer = system.post("/webhooks", {"url": receiver.url, "kinds": list(kinds or KINDS)})
    assert answer.status_code == 201, answer.text
    told = answer.get_json()
    return told["id"], told["secret"]


def carried(place: Installation) -> int:
    """Sign what there is, queue, and send what is due."""
    settle(place.house)
    place.house.hooks.desk.feed()
    return place.house.hooks.carry()


def mark(secret: str, headers: dict[str, str], body: bytes) -> str:
    """The signature as Standard Webhooks writes it, computed apart from the product."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def test_each_entry_is_told_once_signed_and_without_persons(
    desk: Installation, receiver: Receiver, person: dict[str, str]
) -> None:
    """Type, time, folio, seq, kind, index; a signature that verifies; nothing of before, nothing twice."""
    system = System.of(desk)
    before = opened(system, person)
    settle(desk.house)
    hook, secret = subscribed(system, receiver)
    folio = opened(system, {**person, "rfc": "RUOM900215AB2", "correo": "b@p.example", "ticket": "T-2"})
    assert multipart(system, f"/cases/{folio}/steps/2", {}, ("archivo", "c.eml", eml())).status_code == 201
    assert carried(desk) == 2
    assert carried(desk) == 0
    history = desk.house.ledger.history(folio)
    assert receiver.told == [
        {
            "type": str(sealed.entry.kind),
            "timestamp": sealed.entry.at,
            "data": {"folio": folio, "seq": n + 1, "kind": str(sealed.entry.kind), "index": sealed.index},
        }
        for n, sealed in enumerate(history)
    ]
    assert before not in str(receiver.told)
    for headers, body in receiver.got:
        assert headers["webhook-signature"] == mark(secret, headers, body)
        assert abs(int(headers["webhook-timestamp"]) - desk.clock().timestamp()) < 120
        assert headers["content-type"] == "application/json"
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 2
    story = system.get(f"/webhooks/{hook}").get_json()
    assert [(item["state"], item["attempts"], item["status"]) for item in story["deliveries"]] == [
        ("delivered", 1, 204)
    ] * 2


def test_a_subscription_hears_its_kinds_and_its_processes(
    desk: Installation, receiver: Receiver, person: dict[str, str]
) -> None:
    """Other kinds, other processes and the house's own chains are not told."""
    agents = System.of(desk, processes=("MA-002",))
    subscribed(agents, receiver)
    system = System.of(desk)
    subscribed(system, receiver, "evidence.recorded")
    folio = opened(system, person)
    assert multipart(system, f"/cases/{folio}/steps/2", {}, ("archivo", "c.eml", eml())).status_code == 201
    assert carried(desk) == 1
    assert [item["type"] for item in receiver.told] == ["evidence.recorded"]


def test_a_subscription_is_never_for_more_than_its_token(
    desk: Installation, receiver: Receiver, person: dict[str, str]
) -> None:
    """Renewed by a token of one process, it is silent about the others, whatever the first token was for."""
    system = System.of(desk)
    hook, _secret = subscribed(system, receiver, "case.opened")
    issued = desk.house.tokens.issue(system.service, scopes=list(Scope), processes=("MA-002",), days=9, by=BY)
    assert System(system.client, issued.text).post(f"/webhooks/{hook}/secret", {}).status_code == 200
    opened(system, person)
    assert carried(desk) == 0
    assert receiver.got == []


def test_a_dead_receiver_loses_nothing(
    desk: Installation, receiver: Receiver, person: dict[str, str]
) -> None:
    """5xx: later and later, the same message under the same id, until it is taken."""
    system = System.of(desk)
    hook, _secret = subscribed(system, receiver, "case.opened")
    receiver.status = 503
    opened(system, person)
    assert carried(desk) == 0
    store = desk.house.hooks.desk.store
    first = store.deliveries(hook)[0]
    assert (first.attempts, first.status, first.due_at - first.created_at > timedelta(seconds=4)) == (
        1,
        503,
        True,
    )
    assert carried(desk) == 0
    assert len(receiver.got) == 1, "not before its time"
    for n in range(1, 4):
        desk.clock.offset += RETRIES[n - 1] + timedelta(seconds=1)
        assert carried(desk) == 0
        assert store.deliveries(hook)[0].attempts == n + 1
    receiver.status = 200
    desk.clock.offset += RETRIES[3] + timedelta(seconds=1)
    assert carried(desk) == 1
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
    assert store.deliveries(hook)[0].state is DeliveryState.DELIVERED


def test_a_dead_receiver_keeps_nobody_elses_messages(
    desk: Installation, receiver: Receiver, person: dict[str, str]
) -> None:
    """Whatever waits for it, it is asked once a round; the others are told everything in the same one."""
    with receiving() as gone:
        pass
    desk.house.hooks.guard = Guarded(frozenset({receiver.host, gone.host}))
    system = System.of(desk)
    dead, _secret = subscribed(system, gone, "case.opened")
    subscribed(system, receiver, "case.opened")
    for n in range(7):
        opened(system, {**person, "rfc": f"RUOM900215AB{n}", "correo": f"{n}@p.example", "ticket": f"T-{n}"})
    assert carried(desk) == 7
    waiting = desk.house.hooks.desk.store.deliveries(dead)
    assert sorted(item.attempts for item in waiting) == [0] * 6 + [1]
    assert {item.state for item in waiting} == {DeliveryState.WAITING}


def test_nobody_at_the_address_is_a_failure_like_any_other(tmp_path: Path, person: dict[str, str]) -> None:
    """A closed port: told as silent; given up after three days; tried anew when asked."""
    with receiving() as gone:
        pass
    place = Installation(tmp_path / "data", {"CONSTANCIA_WEBHOOK_HOSTS": gone.host})
    system = System.of(place, days=366)
    hook, _secret = subscribed(system, gone, "case.opened")
    opened(system, person)
    for pause in (timedelta(), *RETRIES):
        place.clock.offset += pause + timedelta(seconds=1)
        assert carried(place) == 0
    story = system.get(f"/webhooks/{hook}").get_json()["deliveries"][0]
    assert (story["state"], story["trouble"], story["attempts"]) == ("failed", "silent", len(RETRIES) + 1)
    assert system.post(f"/webhooks/{hook}/retry", {}).get_json() == {"count": 1}
    assert system.get(f"/webhooks/{hook}").get_json()["deliveries"][0]["state"] == "waiting"
    place.close()


def test_a_redirect_is_not_followed(desk: Installation, receiver: Receiver, person: dict[str, str]) -> None:
    """Not to the cloud's metadata, not anywhere: 302 is a failed attempt, and only the receiver was spoken to."""
    system = System.of(desk)
    hook, _secret = subscribed(system, receiver, "case.opened")
    with receiving() as inside:
        for status, target in ((302, "http://169.254.169.254/latest/meta-data/"), (307, inside.url)):
            receiver.status, receiver.location = status, target
            other = {
                "rfc": f"RUOM900215AB{status % 9}",
                "correo": f"{status}@p.example",
                "ticket": str(status),
            }
            opened(system, {**person, **other})
            assert carried(desk) == 0
        assert inside.got == []
    assert {item.status for item in desk.house.hooks.desk.store.deliveries(hook)} == {302, 307}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.7/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://user:secreto@example.com/",
        "https://localhost/",
        "https://example.com/#x",
        "http://]:2R0Y.",
        "https://[::1/",
        "https://example.com:99999/",
        "https:///sin-nombre",
    ],
)
def test_addresses_that_are_not_spoken_to(desk: Installation, url: str) -> None:
    """No TLS, inside, mapped, written in another way, with a user: refused before anything is kept."""
    system = System.of(desk)
    answer = system.post("/webhooks", {"url": url, "kinds": KINDS})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "webhook_target"), answer.text
    assert system.get("/webhooks").get_json() == {"webhooks": []}


def test_a_name_that_changes_its_mind_is_not_followed_inside(
    desk: Installation, receiver: Receiver, person: dict[str, str]
) -> None:
    """DNS rebinding: public when subscribed, loopback when sent; and a name with one bad address among good ones."""
    answers = [["93.184.216.34"], ["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["169.254.169.254"]]
    asked: list[tuple[str, int]] = []

    def look_up(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return answers.pop(0)

    room = HookRoom(desk.house.hooks.desk, desk.settings, Guarded(look_up=look_up))
    desk.house.__dict__["hooks"] = room
    system = System.of(desk)
    port = int(receiver.host.rpartition(":")[2])
    made = system.post("/webhooks", {"url": f"https://evil.example:{port}/", "kinds": ["case.opened"]})
    assert made.status_code == 201, made.text
    opened(system, person)
    for pause in (timedelta(), RETRIES[0], RETRIES[1]):
        desk.clock.offset += pause + timedelta(seconds=1)
        assert carried(desk) == 0
    assert receiver.got == []
    assert asked == [("evil.example", port)] * 4
    found = room.desk.store.deliveries(made.get_json()["id"])[0]
    assert (found.trouble, found.attempts) == ("forbidden", 3)


def test_the_secret_is_shown_once_and_replaced_with_an_overlap(
    desk: Installation, receiver: Receiver, person: dict[str, str]
) -> None:
    """Both secrets sign for a day, then the new alone; neither is in the database, an entry or another answer."""
    system = System.of(desk)
    hook, old = subscribed(system, receiver, "case.opened")
    assert "secret" not in system.get(f"/webhooks/{hook}").get_json()
    new = system.post(f"/webhooks/{hook}/secret", {}).get_json()["secret"]
    assert new != old
    opened(system, person)
    assert carried(desk) == 1
    headers, body = receiver.got[-1]
    assert headers["webhook-signature"].split(" ") == [mark(new, headers, body), mark(old, headers, body)]
    desk.clock.offset += OVERLAP + timedelta(minutes=1)
    assert system.post(f"/webhooks/{hook}/test", {}).status_code == 202
    assert carried(desk) == 1
    headers, body = receiver.got[-1]
    assert json.loads(body)["type"] == "constancia.ping"
    assert headers["webhook-signature"] == mark(new, headers, body)
    stored = b"".join(path.read_bytes() for path in desk.settings.data.rglob("*") if path.is_file())
    for secret in (old, new):
        assert secret.encode() not in stored
        assert base64.b64decode(secret.removeprefix("whsec_")) not in stored


def test_a_subscription_ends_by_hand_by_410_and_with_its_token(
    desk: Installation, receiver: Receiver, person: dict[str, str]
) -> None:
    """DELETE, the other side's 410, a revoked token: nothing more is sent; ends are entries; another token goes on."""
    system = System.of(desk)
    first, _secret = subscribed(system, receiver, "case.opened")
    second, _secret = subscribed(system, receiver, "case.opened")
    assert system.call("DELETE", f"/webhooks/{first}").status_code == 204
    assert system.call("DELETE", f"/webhooks/{first}").get_json()["code"] == "unknown_webhook"
    receiver.status = 410
    opened(system, person)
    assert carried(desk) == 0
    told = {item["id"]: item for item in system.get("/webhooks").get_json()["webhooks"]}
    assert (told[second]["trouble"], told[second]["alive"]) == ("gone", False)
    receiver.status = 200
    third, _secret = subscribed(system, receiver, "case.opened")
    other = System(
        system.client,
        desk.house.tokens.issue(system.service, scopes=list(Scope), processes=(), days=9, by=BY).text,
    )
    desk.house.tokens.revoke(system.token, BY)
    opened(other, {**person, "rfc": "RUOM900215AB3", "correo": "c@p.example", "ticket": "T-3"})
    receiver.got.clear()
    assert carried(desk) == 0
    assert receiver.got == []
    assert other.post(f"/webhooks/{third}/secret", {}).status_code == 200
    assert carried(desk) == 1, "what happened meanwhile is told once somebody answers for it again"
    facts = [sealed.entry.facts for sealed in desk.house.ledger.history(ACCESS_CASE)]
    ends = [(item["webhook"], "kinds" in item) for item in facts if "webhook" in item]
    assert ends == [(first, True), (second, True), (first, False), (second, False), (third, True)]
    assert receiver.url not in str([sealed.payload() for sealed in desk.house.ledger.history(ACCESS_CASE)])


def test_another_service_finds_nothing_of_it(desk: Installation, receiver: Receiver) -> None:
    """A subscription is its service's own."""
    hook, _secret = subscribed(System.of(desk), receiver)
    other = System.of(desk)
    assert other.get("/webhooks").get_json() == {"webhooks": []}
    for answer in (
        other.get(f"/webhooks/{hook}"),
        other.post(f"/webhooks/{hook}/secret", {}),
        other.post(f"/webhooks/{hook}/test", {}),
        other.post(f"/webhooks/{hook}/retry", {}),
        other.call("DELETE", f"/webhooks/{hook}"),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_webhook")


def test_two_couriers_send_each_message_once(
    either: Installation, receiver: Receiver, person: dict[str, str]
) -> None:
    """On both databases: feeding and carrying at once, by four threads, tells every entry once."""
    room = either.house.hooks
    room.guard = Guarded(frozenset({receiver.host}))
    system = System.of(either)
    subscribed(system, receiver, "case.opened")
    for n in range(6):
        opened(system, {**person, "rfc": f"RUOM900215AB{n}", "correo": f"{n}@p.example", "ticket": f"T-{n}"})
    settle(either.house)
    barrier, failures = threading.Barrier(4), list[BaseException]()

    def work() -> None:
        try:
            barrier.wait()
            room.desk.feed()
            room.carry()
        except BaseException as error:  # noqa: BLE001 - carried to the main thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    carried(either)
    assert failures == []
    assert len(receiver.got) == 6
    assert len({item["data"]["folio"] for item in receiver.told}) == 6


def test_the_steward_does_the_rounds(desk: Installation, receiver: Receiver, person: dict[str, str]) -> None:
    """The duty queues and a thread of its own sends; what that failed of is the duty's trouble next time."""
    system = System.of(desk)
    subscribed(system, receiver, "case.opened")
    opened(system, person)
    settle(desk.house)
    steward = Steward(desk.house)
    duty = next(item for item in steward.duties if item.name == "webhooks")
    steward._do(duty, 0.0)
    thread = desk.house.hooks._thread
    assert thread is not None
    thread.join()
    assert len(receiver.got) == 1
    desk.house.hooks._failure = OSError("x")
    steward._do(duty, 1.0)
    assert (duty.failures, duty.trouble) == (1, "unavailable")
    steward._do(duty, 2.0)
    assert duty.failures == 0


def test_administration_sees_hosts_and_ends_subscriptions(desk: Installation, receiver: Receiver) -> None:
    """By host alone, since an address may carry a secret of the other side."""
    system = System.of(desk)
    hook, secret = subscribed(system, receiver)
    browser = desk.client(Role.ADMINISTRADOR)
    page = browser.get("/administracion/tokens").text
    assert "127.0.0.1" in page
    assert "case.opened" in page
    assert "de=constancia" not in page
    assert secret not in page
    assert browser.post_form(f"/administracion/tokens/avisos/{hook}/terminar").status_code == 303
    assert browser.post_form(f"/administracion/tokens/avisos/{hook}/terminar").status_code == 404
    assert system.get(f"/webhooks/{hook}").get_json()["alive"] is False


def test_what_was_queued_waits_while_its_token_is_dead(
    desk: Installation, receiver: Receiver, person: dict[str, str]
) -> None:
    """Revoked between queueing and sending: nothing leaves; under a new token it does."""
    system = System.of(desk)
    hook, _secret = subscribed(system, receiver, "case.opened")
    opened(system, person)
    settle(desk.house)
    assert desk.house.hooks.desk.feed() == 1
    desk.house.tokens.revoke(system.token, BY)
    assert desk.house.hooks.carry() == 0
    assert receiver.got == []
    scopes = [Scope.WEBHOOKS]
    issued = desk.house.tokens.issue(system.service, scopes=scopes, processes=(), days=9, by=BY)
    assert System(system.client, issued.text).post(f"/webhooks/{hook}/secret", {}).status_code == 200
    desk.clock.offset += RETRIES[1] + timedelta(seconds=1)
    assert desk.house.hooks.carry() == 1
