"""Where mails are asked for: `signing.ports.MailSender`, and everybody else who has something to send."""

from __future__ import annotations

from collections.abc import Mapping

from notifications.outbox import Outbox, mail_id
from notifications.secretbox import SecretBox
from notifications.templates import MailTemplates
from workflows.mailing import Addressee, MailRequest


class MailDesk:
    """Takes requests; sends nothing itself."""

    def __init__(self, outbox: Outbox, templates: MailTemplates, box: SecretBox) -> None:
        self._outbox = outbox
        self._templates = templates
        self._box = box

    def enqueue(  # noqa: PLR0913 - a mail has as many parts
        self,
        template: str,
        to: str,
        context: Mapping[str, str],
        *,
        key: str,
        case: str = "",
        secrets: Mapping[str, str] | None = None,
        name: str = "",
        step: str = "",
        locale: str = "",
    ) -> str:
        """Write down a mail that will be sent, once; returns its id.

        Durable when it returns; a ``key`` used before writes nothing. ``secrets`` are values that no store may hold in
        the clear, such as a link: encrypted until the mail has gone, then destroyed; the kept copy shows a mark in
        their place.

        Args:
            template: a folder of ``templates/email``.
            to: the address of one person.
            name: what they are called.
            context: values of the template, as people typed them; they are cleaned and escaped where they are used.
            key: makes the mail unique.
            case: the folio it belongs to; the case is told when it was sent.
            step: the step there.
            secrets: values by name, beside those of ``context``.
            locale: ``es`` or ``en``; ``""``: the language of whom it goes to.

        Raises:
            UnknownTemplate: no such template.
            evidence.ports.StoreUnavailable: nothing was written.
        """
        hidden = dict(secrets or {})
        self._templates.require(template)
        request = MailRequest(
            template,
            (Addressee(to, name),),
            dict(context),
            key,
            case,
            step,
            locale,
            secrets=tuple(sorted(hidden)),
        )
        return self.ask(request, hidden)

    def ask(
        self,
        request: MailRequest,
        secrets: Mapping[str, str] | None = None,
        files: Mapping[int, bytes] | None = None,
    ) -> str:
        """The same for a request that is made already; ``files`` are bytes of its files that lie nowhere else."""
        return self._outbox.enqueue(request, self._box.seal(mail_id(request.key), secrets or {}), files)
