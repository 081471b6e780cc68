"""A SeaweedFS object store of the tests' own, on loopback: S3 with versioning and Object Lock."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.processes import die_with_parent, free_ports, stop, wait_until

ACCESS_KEY = "prueba"
SECRET_KEY = "secreto-de-prueba"


def binary() -> Path | None:
    """The ``weed`` program: the one beside this Python, else on the path."""
    beside = Path(sys.executable).parent / "weed"
    if beside.exists():
        return beside
    found = shutil.which("weed")
    return Path(found) if found else None


@dataclass(frozen=True)
class ObjectServer:
    """Where the object store listens, and its keys."""

    endpoint: str
    access_key: str
    secret_key: str
    pid: int
    master: int

    def forget(self, bucket: str) -> None:
        """Throw away what a bucket holds, locked or not, as only the store's own keeper can; its volumes are free."""
        connection = http.client.HTTPConnection("127.0.0.1", self.master, timeout=20)
        try:
            connection.request("POST", f"/col/delete?collection={bucket}")
            answer = connection.getresponse()
            told = answer.read().decode()
            # A bucket that nothing was ever put into has no volumes to lose.
            if answer.status >= 300 and "does not exist" not in told:
                raise RuntimeError(f"{bucket} is not forgotten: {answer.status} {told}")
        finally:
            connection.close()


@contextmanager
def seaweedfs_server(weed: Path) -> Iterator[ObjectServer]:
    """Start a whole store in one process, and kill it at the end (its data is thrown away).

    Every bucket takes at least one volume of its own, so there are many, each grown one at a time.
    """
    folder = Path(tempfile.mkdtemp(prefix="constancia-s3-"))
    identity = {
        "name": "prueba",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config, log = folder / "s3.json", folder / "log"
    config.write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    try:
        s3, master, volume, filer, *grpc = free_ports(8)
        command: list[str | Path] = [
            weed, "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            "-s3", f"-s3.port={s3}", f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0",
            f"-s3.port.grpc={grpc[3]}",
            f"-master.port={master}", f"-master.port.grpc={grpc[0]}", "-master.telemetry=false",
            "-master.volumeSizeLimitMB=256", f"-volume.port={volume}", f"-volume.port.grpc={grpc[1]}",
            "-volume.max=400", f"-filer.port={filer}", f"-filer.port.grpc={grpc[2]}", "-filer.disableHttp",
        ]  # fmt: skip
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                cwd=folder,
                env={**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call, made before any thread of ours starts
            )
        try:
            wait_until(lambda: answers(s3), process, log, 60)
            yield ObjectServer(f"127.0.0.1:{s3}", ACCESS_KEY, SECRET_KEY, process.pid, master)
        finally:
            stop(process, signal.SIGKILL)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def answers(port: int) -> bool:
    """Whether S3 on that port is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
