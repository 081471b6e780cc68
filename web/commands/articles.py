"""`flask cases articles`: what closed cases teach."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup, with_appcontext

from evidence.canonical import Json
from web.commands import console


def add_to(group: AppGroup) -> None:
    """Put the command into `flask cases`."""
    group.add_command(list_articles)


@click.command("articles")
@click.option("--text", default="", help="Words that the article must hold, all of them.")
@click.option("--process", default="", help="Only of cases of this process.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@console.json_option
@with_appcontext
@console.command
def list_articles(text: str, process: str, limit: int, as_json: bool) -> None:
    """List the articles of the knowledge base, the newest first."""
    found = console.house().articles.find(text, process, limit)
    if as_json:
        articles: list[Json] = [dict(asdict(item)) for item in found]
        console.emit({"articles": articles})
        return
    for item in found:
        click.echo(f"{item.case_id} {item.seq} {item.at} {item.title}")
