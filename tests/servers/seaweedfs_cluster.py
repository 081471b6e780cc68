"""An object store as it is run in earnest: a master, three volume servers with two copies of everything, filer, S3."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers.processes import die_with_parent, free_ports, stop, wait_until
from tests.servers.seaweedfs import ACCESS_KEY, SECRET_KEY, ObjectServer, answers

VOLUMES = 3
_QUIET = ("-ip=127.0.0.1",)


class Cluster:
    """Six processes. ``volumes`` may be stopped, continued and killed by number while others use the store."""

    def __init__(self, weed: Path, folder: Path) -> None:
        self._weed = weed
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        ports = free_ports(2 * (3 + VOLUMES))
        self._master, self._filer, self._s3, *self._volume_ports = ports[: 3 + VOLUMES]
        self._grpc = ports[3 + VOLUMES :]
        self._volumes: list[subprocess.Popen[bytes]] = []

    @property
    def server(self) -> ObjectServer:
        """Where S3 listens."""
        return ObjectServer(
            f"127.0.0.1:{self._s3}", ACCESS_KEY, SECRET_KEY, self._started[-1].pid, self._master
        )

    def start(self) -> None:
        """Start everything and wait until S3 answers."""
        identity = {
            "name": "prueba",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        config = self._folder / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        self._folder.joinpath("master").mkdir()
        self._run(
            "master", f"-port={self._master}", f"-port.grpc={self._grpc[0]}", f"-mdir={self._folder / 'master'}",
            "-defaultReplication=001", "-peers=none", "-telemetry=false", "-volumeSizeLimitMB=64",
        )  # fmt: skip
        self._volumes = [self._volume(number) for number in range(VOLUMES)]
        self._run(
            "filer", f"-port={self._filer}", f"-port.grpc={self._grpc[1]}", f"-master={self._at_master()}",
            "-defaultReplicaPlacement=001", "-disableHttp", f"-defaultStoreDir={self._folder}",
        )  # fmt: skip
        s3 = self._run(
            "s3", f"-port={self._s3}", f"-port.grpc={self._grpc[2]}", "-port.https=0", "-port.iceberg=0",
            "-port.lance=0", f"-filer=127.0.0.1:{self._filer}.{self._grpc[1]}", f"-config={config}",
            bound="-ip.bind=127.0.0.1",
        )  # fmt: skip
        wait_until(lambda: answers(self._s3), s3, self._folder / "s3.log", 60)

    def signal_volume(self, number: int, how: signal.Signals) -> None:
        """SIGSTOP, SIGCONT or SIGKILL for one volume server."""
        self._volumes[number].send_signal(how)
        if how is signal.SIGKILL:
            self._volumes[number].wait(10)

    def revive_volume(self, number: int) -> None:
        """Start a volume server that was killed, on what its disk holds."""
        self._volumes[number] = self._volume(number)

    def close(self) -> None:
        """Kill everything: what it held is thrown away."""
        for process in reversed(self._started):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
            stop(process, signal.SIGKILL)

    def _at_master(self) -> str:
        return f"127.0.0.1:{self._master}.{self._grpc[0]}"

    def _volume(self, number: int) -> subprocess.Popen[bytes]:
        folder = self._folder / f"volume{number}"
        folder.mkdir(exist_ok=True)
        return self._run(
            "volume", f"-port={self._volume_ports[number]}", f"-port.grpc={self._grpc[3 + number]}",
            f"-dir={folder}", "-max=200", f"-master={self._at_master()}", "-dataCenter=dc1", "-rack=r1",
            "-preStopSeconds=1", name=f"volume{number}",
        )  # fmt: skip

    def _run(self, part: str, *options: str, name: str = "", bound: str = "") -> subprocess.Popen[bytes]:
        shared: Sequence[str] = (bound,) if bound else (*_QUIET, "-ip.bind=127.0.0.1")
        with (self._folder / f"{name or part}.log").open("ab") as output:
            process = subprocess.Popen(
                [self._weed, part, *shared, *options],
                stdout=output,
                stderr=output,
                cwd=self._folder,
                env={**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_2": "1"},
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
            )
        self._started.append(process)
        return process


@contextmanager
def seaweedfs_cluster(weed: Path) -> Iterator[Cluster]:
    """Start a cluster in a folder of its own, and throw both away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="constancia-cluster-"))
    cluster = Cluster(weed, folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()
        shutil.rmtree(folder, ignore_errors=True)
