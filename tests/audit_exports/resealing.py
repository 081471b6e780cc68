"""Play the attacker who knows the format: change files of a package and make every manifest fit again."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from audit_exports import bag, layout
from audit_exports.containers import ZipContainer
from audit_exports.packagecheck import PackageReport, check_package
from audit_exports.trust import Trust
from audit_exports.zipwriter import ZipWriter
from evidence.note import VerifierKey


def contents(package: bytes) -> dict[str, bytes]:
    """Every member's bytes by name, in order."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def plain_zip(files: Mapping[str, bytes]) -> bytes:
    """A canonical zip of exactly these members."""
    sink = io.BytesIO()
    writer = ZipWriter(sink)
    for name, data in files.items():
        writer.add(name, data)
    writer.close()
    return sink.getvalue()


def reseal(files: Mapping[str, bytes], changes: Mapping[str, bytes | None]) -> bytes:
    """A package with ``changes`` (``None`` removes) whose manifests and bag-info fit its files."""
    merged = {**files, **changes}
    data = {name: body for name, body in merged.items() if name.startswith("data/") and body is not None}
    manifest = b"".join(
        bag.manifest_line(name, hashlib.sha256(body).hexdigest()) for name, body in data.items()
    )
    info = merged[layout.BAG_INFO] or b""
    oxum = f"Payload-Oxum: {sum(map(len, data.values()))}.{len(data)}".encode()
    info = b"\n".join(oxum if line.startswith(b"Payload-Oxum") else line for line in info.split(b"\n"))
    tags = {layout.BAGIT: merged[layout.BAGIT] or b"", layout.BAG_INFO: info, layout.MANIFEST: manifest}
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in tags.items()}
    return plain_zip({**data, **tags, layout.TAG_MANIFEST: bag.tag_manifest(digests)})


def verify_bytes(package: bytes, *vkeys: str, receipt: bytes | None = None) -> PackageReport:
    """The verifier on a package in memory."""
    container = ZipContainer(io.BytesIO(package))
    try:
        return check_package(container, Trust(tuple(map(VerifierKey.from_text, vkeys)), receipt))
    finally:
        container.close()


def unpack(package: bytes, folder: Path) -> Path:
    """The package as a folder."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(folder)
    return folder


def codes(report: PackageReport) -> set[str]:
    """What was found."""
    return {finding.code for finding in report.findings}
