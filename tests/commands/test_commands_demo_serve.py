"""The demonstration's server is a program of its own, whatever setting the demonstration up has left in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from identity.access import Granter
from identity.accounts import Role
from tests.commands.test_commands_serve import ROOT, ask
from tests.fakes.installation import PASSWORD, Installation
from tests.servers.processes import die_with_parent, free_ports, wait_until
from tests.web.test_web_letters import a_case
from torture.clients import Browser, Journal, Person

SEEDED = """
import sys
import typst
from web.server import serve_anew

typst.compile(b"Una carta", format="pdf")
serve_anew(int(sys.argv[1]))
"""


def test_letters_are_drawn_by_a_server_whose_program_drew_letters_before(tmp_path: Path) -> None:
    """A fork of the program that drew the first letter would wait for threads that are not there, for ever."""
    place = Installation(tmp_path / "data")
    director = place.user(Role.DIRECTOR, name="Jesús Quiriarte")
    place.house.posts.appoint("director_general", director.id, Granter(via="console", os_user="prueba"))
    folio = a_case(place)
    (port,) = free_ports(1)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSTANCIA_")}
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SEEDED, str(port)],
            cwd=ROOT,
            env={**environment, "CONSTANCIA_DATA": str(place.settings.data)},
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call
        )
    try:
        wait_until(lambda: ask(port, "/readyz")[0] == 200, process, log, 60)
        person = Person(place.user().email, PASSWORD)
        browser = Browser(port, person, person.jars[0], Journal())
        assert browser.post(f"/casos/{folio}/pasos/7/carta", {}) == f"/casos/{folio}?paso=7#carta-7"
    finally:
        process.terminate()
        process.wait(40)
        place.close()
