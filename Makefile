# Every target sets up what it needs by itself (bootstrap.py); `make demo ARGS="--port 9000"` passes words on.
# Without make: python3 bootstrap.py demo, python3 bootstrap.py test.

BOOTSTRAP ?= python3 bootstrap.py
PY = .venv/bin/python
ARGS ?=

.DEFAULT_GOAL = help
.PHONY: help setup demo run work migrate test lint format types bench soak sure

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## /\1 /p' $(MAKEFILE_LIST) | while read -r name words; do printf '  make %-9s %s\n' "$$name" "$$words"; done

setup:  ## set up .venv and the front-end files, with what tests need
	@$(BOOTSTRAP) --dev

demo:  ## the whole loop on this machine, with a WeCom of its own
	@$(BOOTSTRAP) demo $(ARGS)

run:  ## serve: web, worker and schedule in one process
	@$(BOOTSTRAP) && $(PY) app.py serve $(ARGS)

work:  ## the worker alone
	@$(BOOTSTRAP) && $(PY) app.py work $(ARGS)

migrate:  ## bring the database to the newest tables
	@$(BOOTSTRAP) && $(PY) app.py migrate $(ARGS)

test:  ## all tests, on both databases
	@$(BOOTSTRAP) test $(ARGS)

lint: setup  ## say what ruff would have different
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .

format: setup  ## let ruff put it right
	@$(PY) -m ruff check --fix-only -q . && $(PY) -m ruff format .

bench: setup  ## measure, both sides in one run; SCALE=full for the big one
	@$(PY) -m bench

soak: setup  ## 25,000 recipients under faults and kills, a whole file of orders; prints its figures
	@SOAK=full $(PY) -m pytest -q -s -n0 tests/journeys/test_soak.py tests/journeys/test_import_load.py \
	    tests/files/test_imports.py

types: setup  ## check the types
	@$(PY) -m mypy .

sure: lint types test  ## lint, types, tests: what must hold before landing
