"""The commands of the house: `flask <group> <verb>`."""

from __future__ import annotations

from flask import Flask

from web.commands import (
    attention,
    backup,
    campaign,
    cases,
    catalogues,
    contacts,
    controls,
    definitions,
    demo,
    directory,
    engagements,
    erasures,
    factors,
    holds,
    ledger,
    mail,
    masterkeys,
    packages,
    posts,
    quarantine,
    report,
    reviews,
    setup,
    signatures,
    subject,
    tokens,
    transfer,
    upkeep,
    users,
)

_KEEPING = (holds.group, erasures.group, quarantine.group, subject.group)
"""What is decided about the data of cases."""


def register(app: Flask) -> None:
    """Put every command into the application."""
    for command in (
        setup.init,
        setup.serve,
        setup.worker,
        demo.demo,
        backup.backup,
        backup.restore,
        transfer.transfer,
    ):
        app.cli.add_command(command)
    for group in (
        setup.database,
        users.group,
        factors.group,
        directory.group,
        reviews.group,
        posts.group,
        contacts.group,
        catalogues.group,
        catalogues.calendar,
        cases.group,
        attention.group,
        controls.group,
        campaign.group,
        ledger.group,
        masterkeys.group,
        engagements.group,
        packages.group,
        report.group,
        upkeep.timers,
        upkeep.texts,
        mail.group,
        definitions.group,
        signatures.group,
        tokens.group,
        *_KEEPING,
    ):
        app.cli.add_command(group)
