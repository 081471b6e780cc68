"""Telling the removal of an account, steps 28 to 28d."""

from __future__ import annotations

from datetime import datetime

from demo import letters, mails, screens
from demo.creation import MAIL_LAG, METLIFE
from demo.people import BY_KEY
from demo.stories import Story
from demo.teller import Desk, Teller


class Removal(Teller):
    """A baja."""

    def __init__(self, desk: Desk, story: Story) -> None:
        super().__init__(desk, story)
        self._lettered: datetime | None = None

    def sign_removal(self, moment: datetime) -> None:
        """Step 28a."""
        scan = letters.scan(self._removal(moment), f"{self.story.key}-baja", moment)
        self.record("28a", [("carta_firmada", f"carta_baja_firmada_{self.ticket}.pdf", scan)])

    def request_removal(self, moment: datetime) -> None:
        """Step 28b."""
        picture = screens.remote_scan(self.who, "Solicitud de baja", "Recibida", moment, self.operator)
        self.record("28b", [("captura", f"remote_scan_{self.ticket}_baja.png", picture)])

    def remove(self, moment: datetime) -> None:
        """Step 28."""
        files = [
            ("captura", f"cam_{self.cam}_baja.png", self.cam_screen("Baja", moment)),
            ("carta_baja", f"carta_baja_{self.ticket}.pdf", self._removal(moment)),
        ]
        self.record("28", files, template="baja")

    def removal_confirmed(self, moment: datetime) -> None:
        """Step 28c."""
        subject = f"Baja aplicada {self.ticket}"
        made = mails.mail(
            METLIFE, mails.DESK, subject, [f"Se retiró el acceso de {self.who.nombre}."], moment - MAIL_LAG
        )
        self.record("28c", [("confirmacion", f"{subject}.eml", made)])

    def announce_removal(self, moment: datetime) -> None:
        """Step 28d."""
        lines = [f"El acceso de {self.who.nombre} fue retirado.", "", self.operator]
        self.record("28d", [self.sent(f"Baja terminada {self.ticket}", lines, moment)])

    def _removal(self, moment: datetime) -> bytes:
        """The removal letter: once written, the same bytes."""
        self._lettered = self._lettered or moment
        moment = self._lettered
        return letters.removal(self.who, self.folio, moment, BY_KEY["jesus.quiriarte"].name)
