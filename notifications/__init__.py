"""Mail to people outside: what is sent, to whom, and that it is sent once.

Messages wait in an outbox that is written in the same database as the rest, so that a mail server that is down loses
nothing. Nothing here knows a page or a database: stores and servers are handed in by `web.wiring`.
"""
