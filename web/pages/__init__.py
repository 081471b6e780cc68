"""The pages: one blueprint a subject. `register` is the list; a page that is not in it does not exist."""

from __future__ import annotations

from flask import Flask

from web.pages import (
    administration,
    articles,
    attention,
    board,
    campaign,
    cases,
    catalogues,
    checking,
    composing,
    controls,
    correcting,
    drafts,
    evidence,
    export,
    health,
    inbox,
    incoming,
    jobs,
    knowledge,
    ledger,
    lettering,
    look,
    many,
    opening,
    outgoing,
    personal,
    recording,
    requesting,
    rows,
    searching,
    session,
    signing,
    tlog,
)

PAGES = (
    session.page,
    health.page,
    look.page,
    inbox.page,
    attention.page,
    opening.page,
    outgoing.page,
    incoming.page,
    many.page,
    rows.page,
    campaign.page,
    cases.page,
    signing.page,
    personal.page,
    checking.page,
    recording.page,
    composing.page,
    lettering.page,
    requesting.page,
    evidence.page,
    correcting.page,
    controls.page,
    drafts.page,
    jobs.page,
    knowledge.page,
    articles.page,
    searching.page,
    board.page,
    ledger.page,
    export.page,
    administration.page,
    catalogues.page,
    tlog.page,
)


def register(app: Flask) -> None:
    """Put every blueprint into the application."""
    for page in PAGES:
        app.register_blueprint(page)
