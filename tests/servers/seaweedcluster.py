"""A SeaweedFS cluster of the tests' own, six processes on loopback: master, three volume servers, filer, S3."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.processes import die_with_parent, free_ports, stop, wait_until
from tests.servers.seaweedfs import ACCESS_KEY, SECRET_KEY, answers


@dataclass(frozen=True)
class Cluster:
    """Where S3 listens, and the processes of the volume servers."""

    endpoint: str
    volumes: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def seaweedfs_cluster(weed: Path) -> Iterator[Cluster]:
    """Start the cluster with the options of deploy/compose.yml, two copies of everything; kill it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="constancia-cluster-"))
    identity = {
        "name": "prueba",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = iter(free_ports(12))
    running: list[subprocess.Popen[bytes]] = []

    def begin(name: str, *options: str) -> tuple[subprocess.Popen[bytes], int]:
        port, grpc = next(ports), next(ports)
        (folder / name).mkdir()
        with (folder / f"{name}.log").open("wb") as output:
            process = subprocess.Popen(
                [weed, *options, "-ip.bind=127.0.0.1", f"-port={port}", f"-port.grpc={grpc}"],
                stdout=output,
                stderr=output,
                cwd=folder / name,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
            )
        running.append(process)
        return process, port if grpc == port + 10000 else _with_grpc(port, grpc)

    def _with_grpc(port: int, grpc: int) -> int:
        known[port] = f"127.0.0.1:{port}.{grpc}"
        return port

    known: dict[int, str] = {}
    try:
        local = "-ip=127.0.0.1"
        _, master = begin(
            "master", "master", local, f"-mdir={folder / 'master'}", "-defaultReplication=001", "-peers=none",
            "-telemetry=false", "-volumeSizeLimitMB=64",
        )  # fmt: skip
        place = known.get(master, f"127.0.0.1:{master}")
        volumes = []
        for number in (1, 2, 3):
            name = f"volume{number}"
            process, _ = begin(
                name, "volume", local, f"-master={place}", f"-dir={folder / name}", "-dataCenter=dc1", "-rack=r1",
                "-max=60", "-preStopSeconds=1",
            )  # fmt: skip
            volumes.append(process)
        _, filer = begin(
            "filer", "filer", local, f"-master={place}", f"-defaultStoreDir={folder / 'filer'}",
            "-defaultReplicaPlacement=001", "-disableHttp",
        )  # fmt: skip
        gate, s3 = begin(
            "s3", "s3", f"-filer={known.get(filer, f'127.0.0.1:{filer}')}", "-port.https=0", "-port.iceberg=0",
            "-port.lance=0", f"-config={folder / 's3.json'}",
        )  # fmt: skip
        wait_until(lambda: answers(s3), gate, folder / "s3.log", 90)
        yield Cluster(f"127.0.0.1:{s3}", tuple(volumes))
    finally:
        for process in reversed(running):
            stop(process, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
