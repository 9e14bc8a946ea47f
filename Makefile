# make demo: a real nine-layer ML stack, one pipeline through all of it, and nothing left behind.
# make test: everything that needs only the package registries.
# Both do their own set-up in .venv and need Python 3.11+ (any name) and git; choose one with PYTHON=python3.12.

PYTHON := $(shell for p in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: demo install test test-docker test-kubernetes test-cloud quick lint bench clean

demo: .venv/run.stamp
	$(BIN)/stack demo

install: .venv/run.stamp # only the command, .venv/bin/stack

test: .venv/dev.stamp
	$(BIN)/pytest -q -n 2 -m "not live and not faults and not docker and not kubernetes and not cloud"
	$(BIN)/pytest -q -m "(live or faults) and not docker and not kubernetes and not cloud" --durations=15

# Containers for real: on the engine that DOCKER_HOST names, or on one of our own (Linux, root, Debian's packages).
test-docker: .venv/dev.stamp
	$(BIN)/pytest -q -m docker --timeout 1800 --durations=15

# A cluster for real: the one that KUBECONFIG names, or one of our own (Linux, root, Go and Debian's packages; its first
# build takes some ten minutes and is kept).
test-kubernetes: .venv/dev.stamp
	$(BIN)/pytest -q -m kubernetes --timeout 3600 --durations=15

# AWS, emulated by moto in an environment of its own, with HashiCorp's provider from the mirror in STACK_TEST_AWS_MIRROR.
test-cloud: .venv/dev.stamp
	$(BIN)/pytest -q -m cloud --timeout 900 --durations=15

quick: .venv/dev.stamp
	$(BIN)/pytest -q -n 2 -m "not live and not faults and not docker and not kubernetes and not cloud"

lint: .venv/dev.stamp
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo

bench: .venv/dev.stamp
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf .venv

.venv/uv.stamp:
	@test -n "$(PYTHON)" || { echo "Stackwright needs Python 3.11 or newer; none was found on PATH. Install one and run: make PYTHON=/path/to/python3"; exit 2; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "This Python cannot make environments (on Debian: apt install python3-venv)."; exit 2; }
	@$(BIN)/pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
	@touch $@

.venv/run.stamp: .venv/uv.stamp pyproject.toml requirements/run.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/run.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps -e .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

# Refresh both locks after a change of pyproject.toml.
.PHONY: lock
lock: .venv/uv.stamp
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
	  -c requirements/constraints.txt pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
	  --group dev --extra ejected --extra aws -c requirements/run.txt pyproject.toml -o requirements/dev.txt
