"""Boards read sums of each day; triggers mark the days of what changes, whoever changes it.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KINDS = "('exception', 'route', 'refusal', 'measure')"
_COUNTED = ("process", "opened_at", "closed_at", "outcome", "days_open", "days_late")
_SQLITE = "CREATE TRIGGER board_{name} AFTER {event} ON {table} WHEN {condition} BEGIN {marks} END"
_SQLITE_MARK = (
    "INSERT INTO board_mark (day, tx) SELECT substr({moment}, 1, 10), 0 WHERE {moment} <> '' "
    "AND NOT EXISTS (SELECT 1 FROM board_mark WHERE day = substr({moment}, 1, 10) AND tx = 0);"
)
"""One for each moment: a statement that gathers them first costs a row several times as much."""
_POSTGRESQL = """
CREATE FUNCTION constancia_board_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
INSERT INTO board_mark (day, tx) SELECT day, txid_current() FROM ({days}) AS touched WHERE day <> ''
ON CONFLICT DO NOTHING; RETURN NULL; END $$"""
_FILL = f"""
INSERT INTO board_mark (day, tx)
SELECT substr(opened_at, 1, 10), 0 FROM tally WHERE opened_at <> ''
UNION SELECT substr(closed_at, 1, 10), 0 FROM tally WHERE closed_at <> ''
UNION SELECT substr(at, 1, 10), 0 FROM figure WHERE kind IN {_KINDS} AND at <> ''"""  # noqa: S608 - constants


def upgrade() -> None:
    """The two tables; every day there is is marked, and so summed when a board is first asked for."""
    op.create_table(
        "board_sum",
        *(sa.Column(name, NAME, nullable=False) for name in ("since", "which", "process", "code", "before")),
        sa.Column("zone", NAME, nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("days", COUNT, nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("since", "which", "process", "code", "before", name="pk_board_sum"),
    )
    op.create_table(
        "board_mark",
        sa.Column("day", NAME, nullable=False),
        sa.Column("tx", COUNT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("day", "tx", name="pk_board_mark"),
    )
    for name, table, event, condition, moments in _triggers():
        _trigger(name, table, event, condition, moments)
    op.execute(_FILL)


def downgrade() -> None:
    """Without them."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, table, *_ in _triggers():
        op.execute(f"DROP TRIGGER board_{name} ON {table}" if postgresql else f"DROP TRIGGER board_{name}")
        if postgresql:
            op.execute(f"DROP FUNCTION constancia_board_{name}()")
    op.drop_table("board_mark")
    op.drop_table("board_sum")


def _triggers() -> list[tuple[str, str, str, str, list[str]]]:
    """Name, table, event, condition, moments: a tally's of opening and closing, a figure's of its moment."""
    found = []
    changed = " OR ".join(f"OLD.{column} <> NEW.{column}" for column in _COUNTED)
    for event, rows, differs in (
        ("INSERT", ("NEW",), ""),
        ("DELETE", ("OLD",), ""),
        ("UPDATE", ("OLD", "NEW"), changed),
    ):
        moments = [f"{row}.{column}" for row in rows for column in ("opened_at", "closed_at")]
        found.append((f"tally_{event.lower()}", "tally", event, differs or "1 = 1", moments))
        kinds = " OR ".join(f"{row}.kind IN {_KINDS}" for row in rows)
        found.append((f"figure_{event.lower()}", "figure", event, kinds, [f"{row}.at" for row in rows]))
    return found


def _trigger(name: str, table: str, event: str, condition: str, moments: list[str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        marks = " ".join(_SQLITE_MARK.format(moment=moment) for moment in moments)
        op.execute(_SQLITE.format(name=name, table=table, event=event, condition=condition, marks=marks))
        return
    days = " UNION ".join(f"SELECT substr({moment}, 1, 10) AS day" for moment in moments)
    op.execute(_POSTGRESQL.format(name=name, days=days))
    op.execute(
        f"CREATE TRIGGER board_{name} AFTER {event} ON {table} FOR EACH ROW WHEN ({condition}) "
        f"EXECUTE FUNCTION constancia_board_{name}()"
    )
