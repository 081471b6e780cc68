"""What entries say of a quarantine: spelled one way, believed only where it is whole, alike for store and verifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import Json
from evidence.checks import ErasureLedger
from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry, genesis_hash, seal
from evidence.findings import Code
from evidence.quarantine import Outcome, Part, parts_of, parts_text, quarantine_of, without

LOG, CASE = "constancia.example/prueba", "MA-001-2026-000001"
AT = "2026-03-02T10:00:00.000000Z"
DIGESTS = [f"{n:x}" * 64 for n in range(1, 4)]
PARTS = st.dictionaries(
    st.integers(1, 9),
    st.builds(Part, st.booleans(), st.frozensets(st.sampled_from(DIGESTS))).filter(lambda part: part.text()),
    min_size=1,
)


def chain(drafts: Sequence[EntryDraft]) -> list[SealedEntry]:
    """Drafts sealed one behind another."""
    found: list[SealedEntry] = []
    for seq, item in enumerate(drafts, 1):
        prev = found[-1].leaf if found else genesis_hash(LOG, CASE)
        found.append(seal(item, log=LOG, case=CASE, seq=seq, prev=prev, at=AT, salt=bytes(32)))
    return found


def draft(kind: EntryKind = EntryKind.EVIDENCE_RECORDED, actor: str = "u-1", **members: object) -> EntryDraft:
    """A draft of somebody."""
    return EntryDraft(actor=actor, role="especialista", kind=kind, **members)  # type: ignore[arg-type]


def blob(digest: str) -> BlobRef:
    """A file of that digest."""
    return BlobRef(digest, 5, "text/plain", f"sha256/{digest[:2]}/{digest}")


def story(parts: Mapping[int, Part], kinds: Sequence[EntryKind], actors: Sequence[str]) -> list[SealedEntry]:
    """Three entries with a file each, and a quarantine about some of them with what came after."""
    drafts = [draft(objects=(blob(digest),), payload={"note": "x"}) for digest in DIGESTS]
    found = chain(drafts)
    named = {seq: part for seq, part in sorted(parts.items()) if seq <= 3}
    refs = tuple(found[seq - 1].leaf for seq in named)
    facts: dict[str, Json] = {"parts": dict(parts_text(named)), "reason": "contrasena"}
    drafts.append(draft(EntryKind.QUARANTINE_PLACED, refs=refs, facts=facts, payload={}))
    placed = chain(drafts)[-1]
    for kind, actor in zip(kinds, actors, strict=True):
        drafts.append(draft(kind, actor, refs=(placed.leaf, *refs), facts=facts, payload={}))
    return chain(drafts)


@given(PARTS)
def test_parts_are_read_as_they_are_spelled(parts: dict[int, Part]) -> None:
    """And in one spelling alone: what is sorted otherwise, repeated or foreign says nothing."""
    [item] = chain([draft(facts={"parts": dict(parts_text(parts))})])
    assert parts_of(item.entry) == parts


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=80), max_size=3))
def test_any_spelling_is_read_or_says_nothing(told: dict[str, str]) -> None:
    """No exception, and nothing that would be spelled otherwise."""
    item = seal_of(told)
    if item is None:
        return
    found = parts_of(item.entry)
    assert found == {} or parts_text(found) == told


def seal_of(told: dict[str, str]) -> SealedEntry | None:
    """An entry with that fact; ``None`` for texts that no entry may hold."""
    try:
        return chain([draft(facts={"parts": dict(told)})])[0]
    except ValueError:
        return None


DECISIONS = st.lists(
    st.tuples(
        st.sampled_from(
            [EntryKind.QUARANTINE_VIEWED, EntryKind.QUARANTINE_RELEASED, EntryKind.QUARANTINE_DESTROYED]
        ),
        st.sampled_from(["u-1", "u-2", "u-3"]),
    ),
    max_size=4,
)
FITTING = st.dictionaries(st.integers(1, 3), st.booleans(), min_size=1).map(
    lambda told: {seq: Part(payload, frozenset({DIGESTS[seq - 1]})) for seq, payload in told.items()}
)


@given(FITTING, DECISIONS)
def test_the_first_decision_of_another_person_counts(
    parts: dict[int, Part], decisions: list[tuple[EntryKind, str]]
) -> None:
    """Whatever comes after, and whatever the reporter says; and the verifier's stream judges the same."""
    entries = story(parts, [kind for kind, _ in decisions], [actor for _, actor in decisions])
    counted = [
        kind for kind, actor in decisions if kind is not EntryKind.QUARANTINE_VIEWED and actor != "u-1"
    ]
    wanted = {None: Outcome.WAITING, EntryKind.QUARANTINE_RELEASED: Outcome.RELEASED}
    [found] = quarantine_of(entries).all
    assert found.outcome is wanted.get(counted[0] if counted else None, Outcome.DESTROYED)
    hidden = {item.entry.seq for item in without(entries) if item.payload_bytes is None}
    named = {seq for seq, part in parts.items() if part.payload}
    assert hidden == (named if found.withholds else set())
    ledger = ErasureLedger()
    for item in entries:
        ledger.see(item.entry, item.leaf, payload_present=item.entry.seq not in parts)
    gone = {item.subject for item in ledger.findings() if item.code == Code.PAYLOAD_ERASED}
    assert gone == ({f"{CASE}/{seq}" for seq in named} if found.outcome is Outcome.DESTROYED else set())


def test_what_is_not_whole_and_true_is_no_quarantine() -> None:
    """Leaves of others, files that the entry has not, entries to come, nothing named; other parts decide nothing."""
    first = chain([draft(objects=(blob(DIGESTS[0]),), payload={}), draft(payload={})])
    good = {1: Part(files=frozenset({DIGESTS[0]}))}
    for refs, parts in (
        ((first[1].leaf,), good),
        ((), good),
        ((first[0].leaf,), {1: Part(files=frozenset({DIGESTS[1]}))}),
        ((first[0].leaf,), {7: Part(payload=True)}),
        ((first[0].leaf, first[1].leaf), {2: Part(payload=True)}),
    ):
        facts: dict[str, Json] = {"parts": dict(parts_text(parts))}
        told = draft(EntryKind.QUARANTINE_PLACED, refs=refs, facts=facts, payload={})
        drafts = [draft(objects=(blob(DIGESTS[0]),), payload={}), draft(payload={}), told]
        assert not quarantine_of(chain(drafts)).all
    entries = story(good, [], [])
    other: dict[str, Json] = {"parts": dict(parts_text({1: Part(payload=True)}))}
    refs = (entries[-1].leaf, entries[0].leaf)
    base = [draft(objects=(blob(digest),), payload={"note": "x"}) for digest in DIGESTS]
    facts = {"parts": dict(parts_text(good)), "reason": "contrasena"}
    base.append(draft(EntryKind.QUARANTINE_PLACED, refs=(entries[0].leaf,), facts=facts, payload={}))
    base.append(draft(EntryKind.QUARANTINE_DESTROYED, "u-2", refs=refs, facts=other, payload={}))
    assert [item.outcome for item in quarantine_of(chain(base)).all] == [Outcome.WAITING]
