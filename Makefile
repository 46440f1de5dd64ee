# Everything that people and CI do here. `make` alone explains itself.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
VENV := .venv/bin
STARTED := $(shell date +%s)

.PHONY: help run demo-reset test test-faults drill fuzz check bench stack load sbom lock clean install install-dev

help: ## This list
	@echo "Countersign: which machine-learning models may run, and the proof of it later."
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name text; do \
	    printf '  make %-12s %s\n' "$$name" "$$text"; done

install:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is missing. Debian 12: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) bin/install.py

install-dev:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is missing. Debian 12: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) bin/install.py --development

run: install ## Everything on this machine, at http://127.0.0.1:8000 (PORT=8001 for another port); Ctrl-C stops it
	@exec $(VENV)/python -u manage.py serve --since $(STARTED)

demo-reset: install ## Delete all data and load the demo portfolio afresh (FORCE=1 with a database of your own)
	@exec $(VENV)/python -u manage.py demo_reset $(if $(filter 1,$(FORCE)),--force)

test: install-dev ## Every test, on SQLite and again on PostgreSQL + Redis (SERVERS=0 leaves the second half out)
	@exec bin/test $(ARGS)

test-faults: install-dev ## The fault drills at full length (`make test` runs them short): what is killed, cut or crashed loses nothing
	@KILLS=50 exec $(VENV)/python -m pytest tests/faults $(ARGS)

drill: install-dev ## The restore drill of docs/backup.md: backup, restore to a moment, verify; on servers of its own
	@exec $(VENV)/python -m pytest tests/faults/test_backup.py $(ARGS)

fuzz: install-dev ## The whole API against its document, for every class of key, with thirty times the inputs of `make test`
	@COUNTERSIGN_FUZZ=30 exec $(VENV)/python -m pytest tests/governance/test_api_schema.py $(ARGS)

check: install-dev ## Lint, format, types, import contracts, dead code, migrations, packages, deployment settings
	@exec bin/check

bench: install-dev ## The figures into bench/results.md: ratios measured in the same run (ARGS="gate pages", ARGS=all)
	@exec $(VENV)/python -m bench $(ARGS)

stack: install-dev ## Two web servers, three workers, scheduler, PostgreSQL and Redis as processes, thrown away at the end
	@exec $(VENV)/python -m bench.stack

load: install-dev ## Locust on that stack (a bank: MODELS=10000 EVENTS=1000000 PEOPLE=500 RATE=200 SECONDS=120)
	@test -x var/load/bin/locust || { $(PYTHON) -m venv var/load && var/load/bin/pip install --quiet -r bench/requirements-load.txt; }
	@exec $(VENV)/python -m bench load

sbom: install ## What Countersign is made of, as CycloneDX (TO=sbom.json)
	@$(VENV)/python bin/sbom.py --write $(or $(TO),sbom.json)

lock: install-dev ## Resolve requirements*.in anew and write the lock files with hashes
	@bin/lock

clean: ## Remove the environment and caches; var/ with your data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +
