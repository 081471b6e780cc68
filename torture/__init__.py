"""Faults as a reproducible program: real servers, real clients, real kills; afterwards the log is asked for everything.

``python -m torture`` hurts an installation while clients write to it over HTTP, heals it, and checks that every
acknowledged entry is there exactly once, that the whole ledger verifies, and that the object store holds nothing that
no client ever sent. ``python -m torture.hammer`` looks from outside, as a client of the log that believes nothing.
"""
