"""Articles of the knowledge base in the database: written with their case's projection, read by words."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, delete, insert, select

from documents.identifiers import fold
from evidence.ports import Article
from storage.database import reading
from storage.ledger_tables import article
from workflows.progress import process_of

_MEMBERS = tuple(column for column in article.c if column.name in Article.__dataclass_fields__)
MOST = 200


class SqlArticles:
    """`workflows.ports.Articles` on the ledger's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, text: str = "", process: str = "", limit: int = 50) -> tuple[Article, ...]:
        """Articles that hold every word, the newest first; see the port."""
        words = fold(text).replace("\x00", " ").split()
        terms = [article.c.search_text.contains(word, autoescape=True) for word in words]
        if process:
            terms.append(article.c.process == process)
        rows = select(*_MEMBERS).where(*terms).order_by(article.c.at.desc(), article.c.case_id.desc())
        with reading(self._engine) as connection:
            found = connection.execute(rows.limit(max(1, min(limit, MOST))))
            return tuple(Article(*row) for row in found)

    def article(self, folio: str) -> Article | None:
        """The article of one case."""
        wanted = select(*_MEMBERS).where(article.c.case_id == folio)
        with reading(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else Article(*row)

    def findable(self, folio: str) -> Article | None:
        """The article of one case, ``None`` also where it would be found by other words or in another process."""
        with reading(self._engine) as connection:
            row = (
                connection.execute(select(article).where(article.c.case_id == folio)).mappings().one_or_none()
            )
        if row is None:
            return None
        held = Article(*(row[column.name] for column in _MEMBERS))
        return held if dict(row) == _row(held, process_of(folio)) else None


def save_article(connection: Connection, case: str, process: str, wanted: Article | None) -> None:
    """Write what the case's article is now; most entries change nothing of it."""
    held = connection.execute(select(article).where(article.c.case_id == case)).mappings().one_or_none()
    row = None if wanted is None else _row(wanted, process)
    if (None if held is None else dict(held)) == row:
        return
    connection.execute(delete(article).where(article.c.case_id == case))
    if row is not None:
        connection.execute(insert(article).values(**row))


def _row(wanted: Article, process: str) -> dict[str, object]:
    """Every column of an article's row."""
    row: dict[str, object] = {column.name: getattr(wanted, column.name) for column in _MEMBERS}
    return row | {"process": process, "search_text": search_text(wanted)}


def search_text(wanted: Article) -> str:
    """The folded words by which an article is found: its own, and of its case only the folio."""
    parts = (wanted.case_id, wanted.title, wanted.problem, wanted.solution, wanted.words)
    return fold(" ".join(part for part in parts if part))
