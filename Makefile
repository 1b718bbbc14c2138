# Everything is made below the project; only `make services` touches the machine.
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := $(BIN)/uv
READY := .venv/ready
# A module's tests stay in one process, since they share what it furnishes; more than four would each start all services.
PARALLEL := --numprocesses logical --maxprocesses 4 --dist loadscope

.DEFAULT_GOAL := help
.PHONY: help demo test setup serve check services services-deep test-deep bench lock openapi

help: ## What can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: setup ## A dossier's whole life with invented records, ending at a served page
	@$(BIN)/archive demo

test: setup ## All tests; without `make services` those that need a real service are skipped and named
	@$(BIN)/pytest $(PARALLEL)

setup: $(READY) ## The environment in .venv, from the lock file

serve: setup ## The archive itself, with its settings from archive.toml and ARCHIVE_...
	@$(BIN)/archive serve

check: setup ## Format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

services: setup ## What the full tests need: Debian packages (as root), Elasticsearch, judges
	@tests/services/install.sh
	@$(BIN)/python -m tests.services.build

services-deep: services ## The same, and what only test-deep asks: a judge in Rust, a second S3 server (needs cargo and go, takes minutes)
	@$(BIN)/python -m tests.services.build rocfl versitygw

test-deep: setup ## The tests with their full counts
	@HYPOTHESIS_PROFILE=deep $(BIN)/pytest $(PARALLEL) -m "deep or not deep"

bench: setup ## Speed, as ratios to other tools in the same run
	@$(BIN)/python -m benchmarks

openapi: setup ## Write the API's contract anew to docs/openapi.json
	@$(BIN)/python -m archive_service.api.contract docs/openapi.json

lock: $(UV) ## Pin the dependencies of pyproject.toml anew, with digests and without addresses
	$(UV) pip compile pyproject.toml --all-extras --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --quiet -o requirements.lock

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { echo "On Debian, as root: apt-get install python3-venv" >&2; rm -rf .venv; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# The project itself without build isolation: its build tool comes from the lock, too.
$(READY): requirements.lock pyproject.toml | $(UV)
	@$(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
