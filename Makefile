# Everything a contributor or a CI machine calls. Needs make and one Python, 3.11 to 3.13.
# `make` alone lists the targets.

MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

PORT ?= 5005
UV_VERSION := 0.13.9
UV := .tools/bin/uv
BIN := .venv/bin

# A shim of a version manager may be on the path and still refuse to run, so each one is tried.
FIND_PYTHON = for name in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	"$$name" -c 'import sys; ok = (3, 11) <= sys.version_info[:2] < (3, 14); ok and print(sys.executable); sys.exit(not ok)' 2>/dev/null && break; \
	done

help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

install: .venv/.complete ## the environment with every tool of development

$(UV):
	@printf '\n== uv %s into .tools ==\n' $(UV_VERSION)
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then echo 'No Python 3.11, 3.12 or 3.13 runs here. Install one, or name it: make PYTHON=/path/to/python' >&2; exit 1; fi; \
	if "$$python" -m venv --clear .tools && .tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); then :; \
	elif command -v uv >/dev/null; then mkdir -p .tools/bin && ln -sf "$$(command -v uv)" $(UV); \
	else echo 'Could not install uv. On Debian and Ubuntu the package python3-venv is needed.' >&2; exit 1; fi

.venv/.complete: pyproject.toml uv.lock | $(UV)
	@printf '\n== environment ==\n'
	@$(UV) sync --locked --quiet --python "$$($(FIND_PYTHON))"
	@touch .venv/.runtime .venv/.complete

# --inexact: the tools of a contributor stay where they are.
.venv/.runtime: pyproject.toml uv.lock | $(UV)
	@printf '\n== environment ==\n'
	@$(UV) sync --locked --quiet --no-dev --inexact --python "$$($(FIND_PYTHON))"
	@touch .venv/.runtime

# No new process for one that died: with --dist loadfile pytest-xdist would wait for ever after it.
test: check ## all checks, then all tests, a process for each core; ends with the summary of pytest
	@printf '\n== pytest ==\n'
	@$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --max-worker-restart=0

check: lint types contracts shape ## everything but the tests

lint: .venv/.complete
	@printf '\n== ruff check ==\n'
	@$(BIN)/ruff check
	@printf '\n== ruff format --check ==\n'
	@$(BIN)/ruff format --check

types: .venv/.complete
	@printf '\n== pyright ==\n'
	@$(BIN)/pyright

contracts: .venv/.complete
	@printf '\n== lint-imports ==\n'
	@$(BIN)/lint-imports --no-logo

shape: .venv/.complete
	@printf '\n== tools/shape.py ==\n'
	@$(BIN)/python tools/shape.py

format: .venv/.complete ## put the code into the project's format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

demo: .venv/.runtime ## train the starter bot once and serve it on PORT (5005)
	@$(BIN)/tertulia demo --bot examples/smalltalk -p $(PORT)

conformance: .venv/.runtime ## validate and train each project below PROJECTS=folder
	@test -n "$(PROJECTS)" || { echo 'Say which: make conformance PROJECTS=folder' >&2; exit 2; }
	@$(BIN)/python tools/projects.py "$(PROJECTS)"

bench: .venv/.complete ## measure speed and memory
	@$(BIN)/python benchmarks/run.py

soak: .venv/.complete ## 100,000 messages and 200 new models: does memory stay flat? minutes
	@$(BIN)/python benchmarks/soak.py

faults: .venv/.complete ## kill, cut and fill 220 times: is anything lost? about 15 minutes
	@$(BIN)/python benchmarks/faults/campaign.py --out benchmarks/FAULTS.json

clean: ## remove what tools and builds left behind; the environment stays
	@rm -rf build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help install test check lint types contracts shape format demo conformance bench soak faults clean
