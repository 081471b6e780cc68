#!/bin/sh
# Resolves pyproject.toml's ranges into pins with hashes for every platform and Python >= 3.11, and names no index:
# where packages come from is the business of the machine that installs them (docs/decisions/0061-lock-files.md).
set -eu

compile() {
    .venv/bin/uv pip compile pyproject.toml --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --quiet "$@"
}

# The development lock is resolved first; the runtime one is held to its pins, so that it stays a subset.
compile --extra dev --output-file requirements-dev.txt "$@"
compile --constraints requirements-dev.txt --output-file requirements.txt "$@"

# What the locks say, as a bill of materials.
.venv/bin/python tools/bom.py
