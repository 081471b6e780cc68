"""Every table of the product: importing this module fills `metadata`.

Migrations compare the database with it, so a module that declares tables must be named here.
"""

from __future__ import annotations

from storage import (
    account_tables,
    api_tables,
    audit_tables,
    board_tables,
    ledger_tables,
    link_tables,
    mail_tables,
    relocated,
)
from storage.ciphers import tables as cipher_tables
from storage.metadata import metadata

DECLARING = (
    ledger_tables,
    account_tables,
    mail_tables,
    audit_tables,
    board_tables,
    link_tables,
    relocated,
    api_tables,
    cipher_tables,
)

__all__ = ["DECLARING", "metadata"]
