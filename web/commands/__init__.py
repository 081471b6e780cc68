"""The commands of the house: `flask <group> <verb>`."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Put every command into the application."""
