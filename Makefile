# Everything a person or a machine does with this checkout has its name here; `make` alone lists them.
# Written for POSIX sh and GNU make 3.81 (the one macOS ships). The work is in tools/, this file only names it.

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PORT ?= 8000
EXAMPLES ?= 200
SECONDS ?= 30
# Narrow a test run: make test ARGS="tests/evidence -k inclusion"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check lint types contracts docs bom advisories leaks fuzz bench torture verifier pictures lock format

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: ## Install everything the project needs, tests included, into .venv (quick the second time)
	@sh tools/setup.sh requirements-dev.txt

demo: ## Set up, fill a demo desk under ./var and serve it; prints the address and the logins (PORT=8000)
	@sh tools/setup.sh requirements.txt
	@$(BIN)/flask demo --port $(PORT)

serve: ## Serve the installation that CONSTANCIA_* describes (see docs/operations.md)
	@sh tools/setup.sh requirements.txt
	@$(BIN)/flask serve

test: setup ## Bring in what the whole suite needs where it can, say what it cannot, and run every test
	@sh tools/parts.sh
	@$(PY) tools/suite.py $(ARGS)

check: lint types contracts docs advisories leaks test ## What CI runs: lint, types, contracts, docs, supply chain, tests

lint: setup ## Style and mistakes (ruff), and that the tree is formatted
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup ## Types (mypy --strict)
	@$(BIN)/mypy
	@$(BIN)/mypy wsgi.py tools/bom.py tools/advisories.py tools/leaks.py tools/suite.py

contracts: setup ## Who may import whom (import-linter; the contracts are in pyproject.toml)
	@$(BIN)/lint-imports

docs: setup ## Docs against code: settings, commands, entry kinds, links, targets
	@$(PY) -m pytest tests/house -q

bom: setup ## The bill of materials (CycloneDX) from the locks, supply/constancia.cdx.json; a test compares
	@$(PY) tools/bom.py

advisories: setup ## Known vulnerabilities of the pins; says so where no database answers (ARGS=--strict fails then)
	@$(PY) tools/advisories.py $(if $(filter advisories,$(MAKECMDGOALS)),$(ARGS))

leaks: setup ## Keys and passwords in the tree and in new history (ARGS=--history reads all of it, --accept after a look)
	@$(PY) tools/leaks.py $(if $(filter leaks,$(MAKECMDGOALS)),$(ARGS))

fuzz: setup ## Parsers and the API for long (EXAMPLES=200 each; then atheris where it is installed, SECONDS=30 a parser)
	@CONSTANCIA_FUZZ=$(EXAMPLES) $(PY) -m pytest -q tests/fuzzing tests/api/test_api_fuzz.py --timeout 0 $(ARGS)
	@$(PY) tools/fuzz.py --seconds $(SECONDS)

bench: setup ## Measure beside baselines taken in the same run; prints a table, writes var/bench/latest.json
	@sh tools/parts.sh
	@$(PY) -m benchmarks $(ARGS)

torture: setup ## Faults under load, a table of what was survived, the hammer; an hour (ARGS=--short: some minutes, no hammer)
	@sh tools/parts.sh
	@$(PY) -m torture $(ARGS)
	@$(if $(findstring --short,$(ARGS)),,$(PY) -m torture.hammer)

verifier: setup ## The offline verifier as one file, dist/constancia-verify.pyz; prints its SHA-256
	@$(PY) tools/verifier.py

pictures: setup ## Take the pictures of README.md again (needs chromium)
	@$(PY) -m tools.pictures

format: setup ## Rewrite the tree as `make lint` wants it
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: setup ## Re-make requirements*.txt from pyproject.toml (ARGS=--upgrade to move every pin)
	@sh tools/lock.sh $(ARGS)
