"""``python -m witness``: make the key on the first start, say how to trust it, and serve."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from evidence.note import ED25519, NoteError, SigningKey, VerifierKey
from witness.book import SqliteBook
from witness.server import WitnessServer
from witness.witness import Witness


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until interrupted; returns the exit status."""
    parser = _arguments()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        logs = [_log_key(text) for text in options.log]
        options.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = _key(options.dir / "key", options.name)
        book = SqliteBook(options.dir / "book.sqlite3")
        witness = Witness(key, logs, book, lambda: datetime.now(UTC))
        server = WitnessServer((options.host, options.port), witness, key.cosigner)
    except (NoteError, OSError) as error:
        parser.error(str(error))
    host, port = server.server_address[:2]
    print(f"witness {key.name.rpartition('/')[2]} {key.cosigner.text} http://{host!s}:{port}", flush=True)  # noqa: T201 - for a policy file
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        server.server_close()
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m witness",
        description="Cosigns the checkpoints of a log that was only ever seen to grow (C2SP tlog-witness).",
        epilog="The line it prints belongs into a policy file. Keep DIR: without it the witness trusts anew.",
    )
    parser.add_argument("--name", required=True, help="of the witness, such as testigo.example/w1")
    parser.add_argument(
        "--log", action="append", required=True, metavar="VKEY", help="verifier key of a log; may be repeated"
    )
    parser.add_argument("--dir", type=Path, default=Path("witness-data"), help="key and memory (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8801, help="port to listen on, 0 for any (%(default)s)")
    return parser


def _log_key(text: str) -> VerifierKey:
    key = VerifierKey.from_text(text)
    if key.type != ED25519:
        raise NoteError("that is the key of a witness, not of a log")
    return key


def _key(path: Path, name: str) -> SigningKey:
    """The key in the file, made there when there is none; the name must be the one it was made with."""
    if not path.exists():
        made = SigningKey.generate(name)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(made.text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
    key = SigningKey.from_text(path.read_text(encoding="ascii").strip())
    if key.name != name:
        raise NoteError(f"the key in {path} is of {key.name}, not of {name}")
    return key


if __name__ == "__main__":
    sys.exit(main())
