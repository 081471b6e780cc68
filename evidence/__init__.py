"""The ledger's pure core: entries, hashing, tree, proofs, checkpoints, verification. This text is its specification.

An **entry** says what happened. It is a small JSON object in canonical form (RFC 8785), and its bytes, made once, are
all that is ever hashed::

    leaf = SHA-256(0x00 || entry bytes)

Entries of one **case** form a chain: ``seq`` counts from 1, ``prev`` is the leaf of the entry before. The first entry's
``prev`` binds the chain to its log and its case::

    genesis = SHA-256("constancia/v1/genesis" LF origin LF case)

What people typed, and what files are called, is not in the entry but in its **payload**, to which the entry commits by
``SHA-256("constancia/v1/payload" LF || 32 bytes of salt || payload bytes)``. Destroy payload and salt: the chain holds.

Entries of all cases are leaves of one RFC 6962 **tree**, in the order of their index::

    node = SHA-256(0x01 || left || right)

It is stored as C2SP tlog-tiles. The log signs its size and root as a C2SP **checkpoint** (an Ed25519 signed note). An
**inclusion proof** shows that an entry is under a checkpoint, a **consistency proof** that one checkpoint continues
another. `evidence.verify` replays all of it and gives one of three verdicts: valid, invalid, unverifiable.

A worked example. Two entries of one case, by an actor known only by an opaque id:

>>> from evidence.entry import EntryDraft, EntryKind, genesis_hash, parse_entry, seal
>>> log, case = "constancia.example/mesa", "MA-001-2026-000001"
>>> def record(seq, prev, kind):
...     draft = EntryDraft("u-1", "especialista", kind, payload={"nota": "hola"})
...     at = f"2026-01-02T15:04:0{seq}.000000Z"
...     return seal(draft, log=log, case=case, seq=seq, prev=prev, at=at, salt=bytes([seq]) * 32)
>>> first = record(1, genesis_hash(log, case), EntryKind.CASE_OPENED)
>>> second = record(2, first.leaf, EntryKind.CASE_CLOSED)
>>> first.leaf
'4484b44e4c3cf2725d2fce330c40526157d34a279319f06c707ff820a922bb8b'
>>> parse_entry(second.entry_bytes).prev == first.leaf
True

They become the first two leaves of the tree:

>>> from evidence.tree import Frontier, node_hash
>>> leaves = [bytes.fromhex(first.leaf), bytes.fromhex(second.leaf)]
>>> frontier = Frontier()
>>> finished = frontier.extend(leaves)
>>> frontier.root().hex()
'a22428bc8770f7184bd180559f8959ab3037447792bf966c1526d5b64d3c9d2a'
>>> frontier.root() == node_hash(*leaves)
True

The log signs that root; whoever has its verifier key can check the note:

>>> from evidence.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
>>> from evidence.note import SigningKey
>>> key = SigningKey(log, bytes(32))  # a real one comes from SigningKey.generate(log)
>>> key.verifier.text
'constancia.example/mesa+04876f65+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
>>> note = sign_checkpoint(Checkpoint(log, frontier.size, frontier.root()), key)
>>> print(note.decode(), end="")
constancia.example/mesa
2
oiQovIdw9xhL0YBVn4lZqzA3RHeSv5ZsFSbVtk08nSo=
<BLANKLINE>
— constancia.example/mesa BIdvZXfHYb33rQ4Q9jg+1yfJ9pbudEkLmxW5tuCgq5aPQYuRZ7Qh/c/+yIBwOX+CRZFHRKjCZn1GUrj6V4c6l5XwjA4=

The proof of the first entry is one hash, and a file of seven lines that anybody can check offline:

>>> from evidence.tlog_proof import TlogProof, parse_proof
>>> from evidence.tree import inclusion_proof
>>> path = inclusion_proof(0, 2, lambda level, index: finished[level][index])
>>> path == [leaves[1]]
True
>>> proof = TlogProof(0, tuple(path), note).text()
>>> parse_proof(proof).verify(leaves[0], [key.verifier], log).size
2

``docs/formats/entry.md``, ``ledger.md`` and ``checkpoint.md`` say the same in full. A verdict takes nothing but
the standard library; `cryptography` is needed for signing, and makes verifying signatures quicker.
"""
