"""clamd, pretended by its own protocol on loopback, and the real one with a signature of ours."""

from __future__ import annotations

import hashlib
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HARMFUL = b"constancia-prueba-de-antivirus"
"""What both take for malware: no real malware is in this tree."""
READS, TAKES = 256 * 1024, 1024 * 1024
"""Bytes that the real one reads of a file, and that it takes at all."""


class _Session(socketserver.BaseRequestHandler):
    """INSTREAM as clamd's manual has it: chunks after their length, ended by an empty one."""

    def handle(self) -> None:
        read = self.request.makefile("rb")
        assert read.read(10) == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(read.read(4), "big"):
            content += read.read(length)
        said = self.server.says  # type: ignore[attr-defined]  # set below
        if said is None:
            said = b"stream: Prueba.Constancia FOUND\0" if HARMFUL in content else b"stream: OK\0"
        self.server.seen.append(len(content))  # type: ignore[attr-defined]
        self.request.sendall(said)


@contextmanager
def pretended(says: bytes | None = None) -> Iterator[tuple[str, list[int]]]:
    """Its address, and the sizes it was asked about; ``says`` is what it says instead of a judgement."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.says, server.seen = says, []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", server.seen  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


def program() -> str | None:
    """Where the real one is, if it is installed."""
    return shutil.which("clamd", path="/usr/sbin:/usr/local/sbin:/usr/bin")


@contextmanager
def real(folder: Path) -> Iterator[str]:
    """The real clamd on a socket of its own, which knows one signature: the digest of a text with `HARMFUL`."""
    found = program()
    assert found
    database, address = folder / "db", folder / "clamd.sock"
    database.mkdir(parents=True)
    digest = hashlib.sha256(HARMFUL).hexdigest()
    (database / "constancia.hsb").write_text(f"{digest}:{len(HARMFUL)}:Prueba.Constancia:73\n")
    settings = folder / "clamd.conf"
    settings.write_text(
        f"DatabaseDirectory {database}\nLocalSocket {address}\nForeground yes\nUser root\nTemporaryDirectory {folder}\n"
        f"DisableCertCheck yes\nStreamMaxLength {TAKES}\nMaxFileSize {READS}\nAlertExceedsMax yes\n"
    )
    log = (folder / "clamd.log").open("wb")
    process = subprocess.Popen([found, "--config-file", settings], stdout=log, stderr=log)
    try:
        for _ in range(600):
            with socket.socket(socket.AF_UNIX) as trying:
                if trying.connect_ex(str(address)) == 0:
                    break
            assert process.poll() is None, (folder / "clamd.log").read_text()
            time.sleep(0.1)
        yield str(address)
    finally:
        process.terminate()
        process.wait()
        log.close()
