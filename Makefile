# Everything is made from here; .ci/run calls these targets and nothing else.
# A fresh machine needs Python 3.11 or newer, git and make. `make help` lists the targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
TOOLS  := .tools
BUF    := $(TOOLS)/node_modules/.bin/buf
PROTOS := $(wildcard proto/axis/v1/*.proto)
export PATH := $(abspath $(BIN)):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help dev demo test lint format proto proto-check docs bench sizing soak chaos wheel engines clean
.DEFAULT_GOAL := help

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: $(VENV)/.ready ## Set up .venv with the project (editable) and its tools

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; say which one: make dev PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[fast,postgres,telemetry]" --group dev
	@touch $@

demo: dev ## Two agencies exchange a signed document, told step by step; ENGINES=real over PostgreSQL, S3 and nginx
	@ENGINES=$(ENGINES) bash demo/demo.sh

engines: ## Install the second verifiers that tests use (apt, where it may)
	@bash tests/install-engines.sh

test: dev engines ## Run all tests, setting up what they need
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

lint: dev $(BUF) ## Style, types and the wire's own rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if [ -x $(BUF) ]; then echo "buf lint"; cd proto && ../$(BUF) lint; fi

# buf lints the .proto files where npm is there; without npm the step says so and the rest goes on.
$(BUF):
	@if command -v npm >/dev/null; then npm install --silent --no-save --no-package-lock --prefix $(TOOLS) @bufbuild/buf@1.75.0; \
	elif [ "$$CI" = true ]; then echo "npm is missing: buf cannot lint the wire"; exit 1; \
	else echo "npm is missing: skipped buf lint"; fi

format: dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

proto: dev ## Generate the Python code of the wire, committed beside the .proto files
	$(BIN)/python -m grpc_tools.protoc -I proto --python_out=proto --grpc_python_out=proto \
	  --mypy_out=quiet:proto --mypy_grpc_out=quiet:proto $(PROTOS)

proto-check: proto ## Fail when the committed generated code is not what the .proto files say
	@test -z "$$(git status --porcelain -- proto)" || { git status --short -- proto; git diff -- proto | head -50; exit 1; }

docs: dev ## Write the pages that are made from the code (settings, errors, metrics, sizing)
	$(BIN)/python -m docs.generate

bench: dev ## Measure against the floor; prints a table, writes benchmarks/results/latest.json
	$(BIN)/python -m benchmarks $(ARGS)

sizing: dev engines ## Measure what machines must have, on a quiet machine; then `make docs` writes docs/sizing.md
	$(BIN)/python -m benchmarks.sizing $(ARGS)

soak: dev engines ## Many agencies, kills, jumping clocks, and a judge; ARGS="--moves 5000" for a short one
	$(BIN)/python -m benchmarks.soak $(ARGS)

chaos: dev engines ## Real engines and real faults in network namespaces, and a checker; ARGS="--minutes 1" for a short one
	$(BIN)/python -m benchmarks.chaos $(ARGS)

wheel: dev ## Build the wheel and run it from a clean environment
	@bash tests/wheel.sh

clean: ## Remove what the targets made
	rm -rf $(VENV) $(TOOLS) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
