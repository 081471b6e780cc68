"""The pages: one blueprint a subject. `register` is the list; a page that is not in it does not exist."""

from __future__ import annotations

from flask import Flask

from web.pages import health, session


def register(app: Flask) -> None:
    """Put every blueprint into the application."""
    for page in (session.page, health.page):
        app.register_blueprint(page)
