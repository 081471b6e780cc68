"""Auditors' work: engagements, frozen populations, reproducible samples, tests, findings; each told by its chain."""
