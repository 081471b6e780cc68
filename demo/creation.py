"""Telling the creation of an account, steps 6 to 26a, and what can go other than planned on the way."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from demo import letters, mails, screens
from demo.people import BY_KEY, METLIFE_DOMAIN
from demo.stories import Story
from demo.teller import Desk, File, Teller
from workflows.commands import Reuse, Supersede, WaiveStep
from workflows.values import NO_SECRETS

METLIFE = ("Mónica González", f"monica.gonzalez@{METLIFE_DOMAIN}")
MAIL_LAG = timedelta(minutes=18)


class Creation(Teller):
    """An alta."""

    def __init__(self, desk: Desk, story: Story) -> None:
        super().__init__(desk, story)
        self._signed: Reuse | None = None
        self._lettered: datetime | None = None
        self._custodied: datetime | None = None

    def package(self, _moment: datetime) -> None:
        """Step 6."""
        self.record("6", data={"paquete": self.who.paquete})

    def letter(self, moment: datetime) -> None:
        """Step 7."""
        files = [("carta", f"carta_autorizacion_{self.ticket}.pdf", self._letter(moment))]
        self.record("7", files, template="autorizacion")

    def send_letter(self, moment: datetime) -> None:
        """Step 8."""
        letter = self._letter(moment)
        lines = [f"Jesús: se envía para firma la carta de alta de {self.who.nombre}.", "", self.operator]
        attached = [mails.Attached(f"carta_autorizacion_{self.ticket}.pdf", letter)]
        director = BY_KEY["jesus.quiriarte"]
        to = (director.name, director.email)
        made = mails.mail(mails.DESK, to, self._for_signature, lines, moment, attached=attached)
        self.record("8", [("correo", f"{self._for_signature}.eml", made)])

    def signed(self, moment: datetime) -> None:
        """Step 9: the letter comes back as a scan, by mail."""
        arrived = moment - MAIL_LAG
        scan = letters.scan(self._letter(arrived), self.story.key, arrived)
        receipt = self.record(
            "9",
            [
                ("carta_firmada", f"carta_firmada_{self.ticket}.pdf", scan),
                self._director_answers(["Autorizado. Va la carta firmada."], arrived, scan),
            ],
            occurred_at=arrived,
        )
        self._signed = Reuse("carta_firmada", receipt.seq, 0)

    def not_authorised(self, moment: datetime) -> None:
        """Step 9, refused."""
        arrived = moment - MAIL_LAG
        reason = "La función no requiere acceso directo; se atenderá por el área de cobranza."
        answer = self._director_answers(["No autorizo.", reason], arrived, None)
        self.record("9", [answer], {"motivo": reason}, choice="rechazada", occurred_at=arrived)

    # ---------------------------------------------------------------- MetLife

    def enter_scan(self, _moment: datetime) -> None:
        """Step 10."""
        self.record("10", data={"declaro": "si"})

    def request(self, moment: datetime) -> None:
        """Step 11."""
        self._scan("11", "Solicitud de alta", "Recibida", moment, notice="Carta de autorización cargada.")

    def enter_data(self, moment: datetime) -> None:
        """Step 12."""
        rows = [("Correo", self.who.correo), ("Promotoría", self.who.promotoria or "Oficinas centrales")]
        self._scan("12", "Datos del usuario", "En proceso", moment, rows=rows)

    def refused_by_metlife(self, moment: datetime) -> None:
        """Step 13, refused: steps 12 and 13 are told again."""
        said = ("El RFC no coincide con la constancia.", "Falta el segundo apellido.")[self.times("13") % 2]
        self._scan(
            "13", "Solicitud devuelta", "Rechazada", moment, notice=said, data={"rechazo": said},
            choice="rechazado",
        )  # fmt: skip

    def tracking_number(self, moment: datetime) -> None:
        """Step 13."""
        self.dsn = f"DSN-{moment:%Y%m%d}-{zlib.crc32(self.story.key.encode()) % 9_000 + 1_000}"
        rows = [("DSN", self.dsn)]
        self._scan("13", "Solicitud aceptada", "Aprobada", moment, rows=rows, data={"dsn": self.dsn})

    def find_in_cam(self, moment: datetime) -> None:
        """Step 14; in one story by the deputy, for the absent colleague."""
        absent = self.story.specialist if self.story.twist == "deputy" else ""
        files = [("registro", f"cam_{self.cam}.png", self.cam_screen("Solicitado", moment))]
        data = {"registro_cam": self.cam}
        self.record("14", files, data, acting_for=absent)

    def escalate(self, moment: datetime) -> None:
        """Step 15; in one story by the deputy."""
        absent = self.story.specialist if self.story.twist == "deputy" else ""
        self._cam("15", "Escalado", moment, acting_for=absent)

    def attach(self, moment: datetime) -> None:
        """Step 16: MetLife's letter, and the signed one of step 9 taken from there."""
        letter = letters.dsn_letter(self.who, self.dsn, moment - timedelta(days=1))
        reuse = (self._signed,) if self._signed else ()
        self.record("16", [("carta_dsn", f"carta_{self.dsn}.pdf", letter)], {"dsn": self.dsn}, reuse=reuse)

    def announce(self, moment: datetime) -> None:
        """Step 17."""
        lines = [
            f"Su alta está en proceso con el seguimiento {self.dsn}. MetLife tarda de 15 a 20 días.",
            "",
            self.operator,
        ]
        self.record("17", [self.sent(f"Alta en proceso {self.ticket}", lines, moment)])

    def confirmed(self, moment: datetime) -> None:
        """Step 18: MetLife's mail."""
        arrived = moment - timedelta(days=self.story.late_days, hours=2, minutes=11)
        subject = f"Confirmación de acceso {self.dsn}"
        lines = [
            f"Se confirma el acceso de {self.who.nombre}.",
            f"Usuario: {self.who.user_name}",
            "Administración de accesos",
        ]
        made = mails.mail(METLIFE, mails.DESK, subject, lines, arrived)
        self.record("18", [("confirmacion", f"{subject}.eml", made)], occurred_at=arrived)

    def active(self, moment: datetime) -> None:
        """Step 19."""
        self._cam("19", "Activo", moment)

    # ---------------------------------------------------------------- custody and validation

    def user_name(self, _moment: datetime) -> None:
        """Step 20: the identifier alone."""
        self.record("20", data={"usuario_metlife": self.who.user_name})

    def deliver(self, _moment: datetime) -> None:
        """Step 21: who received the credentials and how; nothing of them."""
        data = {"destinatario": self.who.nombre, "canal": "llamada", "cambio_obligatorio": "si"}
        self.record("21", data=data)

    def custody_letter(self, moment: datetime) -> None:
        """Step 22."""
        files = [("carta", f"carta_custodia_{self.ticket}.pdf", self._custody(moment))]
        self.record("22", files, template="custodia")

    def send_custody(self, moment: datetime) -> None:
        """Step 23; told again after a letter that nobody could read."""
        attached = [mails.Attached(f"carta_custodia_{self.ticket}.pdf", self._custody(moment))]
        again = " (segundo envío)" if self.times("23") else ""
        subject = f"Carta custodia {self.ticket}{again}"
        lines = ["Le pedimos devolver firmada la carta adjunta.", "", self.operator]
        self.record("23", [self.sent(subject, lines, moment, attached)])

    def custody_back(self, moment: datetime) -> None:
        """Step 24."""
        scan = letters.scan(self._custody(moment), f"{self.story.key}-custodia", moment)
        self.record("24", [("carta_firmada", f"carta_custodia_firmada_{self.ticket}.pdf", scan)])

    def custody_unreadable(self, moment: datetime) -> None:
        """Step 24, returned."""
        scan = letters.scan(self._custody(moment), f"{self.story.key}-borrosa", moment, smudged=True)
        files = [("carta_firmada", f"carta_custodia_{self.ticket}_ilegible.pdf", scan)]
        self.record(
            "24", files, {"motivo": "La firma no se distingue; se pide otro escaneo."}, choice="devuelta"
        )

    def file_paper(self, _moment: datetime) -> None:
        """Step 25."""
        number = zlib.crc32(self.story.key.encode()) % 400 + 1
        self.record(
            "25",
            data={
                "expediente": f"Archivero 3, carpeta {number // 20 + 1}",
                "folio_fisico": f"F-{number:04d}",
            },
        )

    def ask_validation(self, moment: datetime) -> None:
        """Step 26; told again after a validation that failed."""
        again = " (de nuevo)" if self.times("26") else ""
        lines = [
            "¿Puede entrar a sus aplicaciones? Si no responde en 3 días hábiles, el ticket se cierra.",
            "",
            self.operator,
        ]
        self.record("26", [self.sent(f"Valide su acceso {self.ticket}{again}", lines, moment)])

    def works(self, moment: datetime) -> None:
        """Step 26a: it works."""
        self._answer("funciona", ["Ya pude entrar, muchas gracias."], moment)

    def fails(self, moment: datetime) -> None:
        """Step 26a: it does not."""
        self._answer("no_funciona", ["Me dice que el usuario no tiene aplicaciones asignadas."], moment)

    # ---------------------------------------------------------------- exceptions

    def waive_confirmation(self, _moment: datetime) -> None:
        """The supervisor does without step 2."""
        reason = "La persona se presentó en la mesa y vio abrir su ticket; no hace falta el correo."
        self.desk.cases.waive(
            WaiveStep(
                self.folio,
                "2",
                self.desk.actor("abraham", "supervisor"),
                reason,
                idempotency_key=self.key("waive"),
            )
        )

    def correct_data(self, moment: datetime) -> None:
        """The screenshot of step 12 showed another person: superseded, with the reason."""
        picture = screens.remote_scan(self.who, "Datos del usuario", "En proceso", moment, self.operator)
        self.desk.cases.supersede(
            Supersede(
                folio=self.folio,
                seq=self.entry_of("12"),
                actor=self.desk.actor(self.story.specialist, "especialista"),
                reason="La captura era de otra solicitud; se anexa la que corresponde.",
                uploads=self.uploads((("captura", f"remote_scan_{self.ticket}_correcta.png", picture),)),
                data={NO_SECRETS: "si"},
                idempotency_key=self.key("supersede"),
            )
        )

    # ---------------------------------------------------------------- how

    def _letter(self, moment: datetime) -> bytes:
        """The authorisation letter: once written, the same bytes whenever it is sent, signed or attached."""
        self._lettered = self._lettered or moment
        moment = self._lettered
        return letters.authorisation(self.who, self.folio, moment, BY_KEY["jesus.quiriarte"].name)

    def _custody(self, moment: datetime) -> bytes:
        """The custody letter, likewise."""
        self._custodied = self._custodied or moment
        moment = self._custodied
        return letters.custody(self.who, self.folio, moment)

    @property
    def _for_signature(self) -> str:
        return f"Carta para firma {self.ticket}"

    def _director_answers(self, lines: Sequence[str], moment: datetime, scan: bytes | None) -> File:
        attached = [mails.Attached(f"carta_firmada_{self.ticket}.pdf", scan)] if scan else []
        director = BY_KEY["jesus.quiriarte"]
        subject = f"RE: {self._for_signature}"
        made = mails.mail(
            (director.name, director.email), mails.DESK, subject, lines, moment,
            attached=attached, answers=self._for_signature,
        )  # fmt: skip
        return "correo", f"{subject}.eml", made

    def _answer(self, choice: str, lines: Sequence[str], moment: datetime) -> None:
        arrived = moment - MAIL_LAG
        asked = f"Valide su acceso {self.ticket}" + (" (de nuevo)" if self.times("26") > 1 else "")
        sender = (self.who.nombre, self.who.correo)
        made = mails.mail(sender, mails.DESK, f"RE: {asked}", lines, arrived, answers=asked)
        self.record("26a", [("correo", f"RE: {asked}.eml", made)], choice=choice, occurred_at=arrived)

    def _scan(
        self,
        step: str,
        title: str,
        status: str,
        moment: datetime,
        *,
        rows: Sequence[tuple[str, str]] = (),
        notice: str = "",
        data: Mapping[str, str] | None = None,
        choice: str = "",
    ) -> None:
        picture = screens.remote_scan(
            self.who, title, status, moment, self.operator, rows=rows, notice=notice
        )
        name = f"remote_scan_{self.ticket}_{step}_{self.times(step) + 1}.png"
        self.record(step, [("captura", name, picture)], data, choice=choice)

    def _cam(self, step: str, status: str, moment: datetime, acting_for: str = "") -> None:
        picture = self.cam_screen(status, moment)
        self.cam_history.append((moment, f"{status} · {self.operator}"))
        self.record(
            step, [("captura", f"cam_{self.cam}_{status.lower()}.png", picture)], acting_for=acting_for
        )
