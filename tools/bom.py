"""The software bill of materials: CycloneDX, from the lock files and nothing else.

``make bom`` writes ``supply/constancia.cdx.json``; ``tests/house/test_house_supply.py`` makes it again and compares.
The same locks give the same bytes on every machine: no date, a serial number derived from the locks' digests, sorted.
What a lock does not say is not in it: licences are judged by ``tests/house/test_house_licences.py``, where packages
come from is the installing machine's business.
"""

from __future__ import annotations

import json
import re
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
TARGET = Path("supply/constancia.cdx.json")
RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
_NAMESPACE = uuid.UUID("6f0c4f0e-3a1d-5b6e-9d4f-c0a57a2c1a00")
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: *; *(?P<marker>[^\\]+))?")


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock: canonical name, exact version, and the platforms it is for (empty: all)."""

    name: str
    version: str
    marker: str

    @property
    def purl(self) -> PackageURL:
        """The package's identifier, without qualifiers."""
        return PackageURL(type="pypi", name=self.name, version=self.version)


def pins(text: str) -> Iterator[Pin]:
    """The pins of a lock file, in its order."""
    for line in text.splitlines():
        if found := _PIN.match(line):
            yield Pin(canonicalize_name(found["name"]), found["version"], (found["marker"] or "").strip())


def bill(root: Path = ROOT) -> str:
    """The bill as JSON text, indented by two, ending in a newline."""
    locks = {name: (root / name).read_text() for name in (RUNTIME, DEVELOPMENT)}
    digests = {name: sha256(text.encode()).hexdigest() for name, text in locks.items()}
    running = set(pins(locks[RUNTIME]))
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    product = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        bom_ref="constancia",
        properties=[Property(name=f"constancia:sha256:{name}", value=text) for name, text in digests.items()],
    )
    parts = {
        pin: _component(pin, pin in running) for pin in sorted(set(pins(locks[DEVELOPMENT])), key=_order)
    }
    bom = Bom(components=parts.values(), metadata=BomMetaData(component=product))
    bom.serial_number = uuid.uuid5(_NAMESPACE, "".join(digests.values()))
    direct = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    bom.register_dependency(product, [part for pin, part in parts.items() if pin.name in direct])
    said = json.loads(JsonV1Dot6(bom).output_as_string())
    del said["metadata"]["timestamp"]  # the only thing in it that is not the locks'
    return json.dumps(said, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _component(pin: Pin, running: bool) -> Component:
    """A pin as a component: ``required`` where it runs in production, ``excluded`` where it only builds or tests."""
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        purl=pin.purl,
        bom_ref=str(pin.purl),
        scope=ComponentScope.REQUIRED if running else ComponentScope.EXCLUDED,
        properties=[Property(name="constancia:marker", value=pin.marker)] if pin.marker else [],
    )


def _order(pin: Pin) -> tuple[str, str, str]:
    return pin.name, pin.version, pin.marker


if __name__ == "__main__":
    text = bill()
    (ROOT / TARGET).write_text(text)
    print(f"{TARGET}: {len(json.loads(text)['components'])} components")
