"""A help desk that never was, made with the product's own doors: people, files and cases of a demonstration.

Everything here goes through `workflows.cases.CaseService` and the account desk, so the evidence is real evidence; what
is simulated is time (the ledger's clock walks through the past year) and people (all invented, save the posts' holders
whom the process owner's document names by their first names). The log's origin says so: ``constancia.demo/...``.
"""
