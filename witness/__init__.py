"""A witness: a small program for somebody else's machine, who says that the log was only ever seen to grow.

It speaks C2SP ``tlog-witness``: a log sends its new checkpoint with a proof that it continues the last one this witness
signed, and gets a ``cosignature/v1`` back. A log that was cut or rewritten cannot get one, whoever administers it; that
is worth something exactly as far as the witness is run by other people on other machines.

``python -m witness --name testigo.example/w1 --log VKEY`` is all there is to start. It needs this package, `evidence`
and `cryptography`; its memory is one SQLite file.
"""
