# Two commands matter: `make demo` and `make test`. Everything else serves them.
SHELL := /bin/bash
# A distribution's own interpreter is compiled with profile-guided optimisation, and posts purchases a fifth
# faster than one that pyenv built; where it is too old or lacks venv, whatever comes first on the path.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  && echo /usr/bin/python3 || echo python3)
DATA_DIR ?= .regulars
PORT ?= 8600
FAULT_KILLS ?= 108
FAULT_SEED ?= 20261122
FAULT_REPORT ?= build/faults.json
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
export UV_LINK_MODE ?= copy
export UV_COMPILE_BYTECODE ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup up demo test fuzz faults check lint types contracts docs format lock vendor pictures browser clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Regulars needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.base: $(UV) requirements/base.txt requirements/demo.txt pyproject.toml
	$(UV) pip install --quiet --no-deps --require-hashes -r requirements/base.txt
	$(UV) pip install --quiet --no-deps --require-hashes -r requirements/demo.txt
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.base requirements/dev.txt
	$(UV) pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(VENV)/.base ## install only; afterwards .venv/bin/regulars is there

up: setup ## run an empty chain on this machine
	$(BIN)/regulars up --data-dir $(DATA_DIR) --port $(PORT)

demo: setup ## run a chain on a year of real purchases
	$(BIN)/regulars demo --data-dir $(DATA_DIR) --port $(PORT)

check: lint types contracts docs ## lint, types, contracts, docs

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	$(BIN)/python -m regulars.entrypoints.reference --check

test: $(VENV)/.dev browser ## the whole test suite
	$(BIN)/pytest

faults: $(VENV)/.dev ## break everything for a quarter of an hour, and prove that nothing is lost
	@rm -f $(FAULT_REPORT)
	@FAULT_KILLS=$(FAULT_KILLS) FAULT_SEED=$(FAULT_SEED) FAULT_REPORT=$(FAULT_REPORT) $(BIN)/pytest -n 0 tests/faults; \
	status=$$?; cat $(FAULT_REPORT); exit $$status

fuzz: $(VENV)/.dev ## ask the whole API, and segments beside the rules' engine, for longer
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-200} $(BIN)/pytest -n 0 tests/security/test_schemathesis.py
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-2000} $(BIN)/pytest -n 0 tests/segments/test_same_as_the_engine.py

pictures: $(VENV)/.dev browser ## make the pictures of docs/wishes.md anew
	WISH_PICTURES=docs/pictures/wishes $(BIN)/pytest -n 0 tests/journeys/test_wishes.py

browser: $(VENV)/.dev
	@tests/install_browser.sh

format: $(VENV)/.dev ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(UV) ## compile requirements anew
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/uv.in -o requirements/uv.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/base.in -o requirements/base.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/dev.in -c requirements/base.txt -o requirements/dev.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --no-deps --generate-hashes --no-emit-index-url --no-header requirements/demo.in -o requirements/demo.txt

vendor: ## rebuild the scripts, styles and icons of rules_ui/static/vendor (needs Node and npm)
	cd rules_ui/frontend && npm ci --ignore-scripts --no-audit --no-fund && node vendor.mjs

clean: ## remove what was installed and cached, never the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info build dist
