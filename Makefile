# Needs make and Python 3.11 or newer with venv; everything else is installed into .venv, once, from the lock file.
#   make demo [ARGS=--once]   make test [ARGS="-k word"] [EXPLORE=60]   make check   make bench
#   make chaos   make soak   make lint   make docs   make lock

BIN  := .venv/bin
LOCK := infra/deploy/requirements-dev.lock
ARGS ?=
WORKERS ?= 5
# Where it is set, every process that a test starts would compile all that it imports anew: 5 s instead of half a second.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check lint bench chaos soak docs lock
.DEFAULT_GOAL := check

demo: .venv/installed
	$(BIN)/bokbuss demo $(ARGS)

# A selection (-k) runs in one process, which is what starts soonest. All tests run in five, though there may be two
# cores, for many wait for brokers and processes; in the order of the folders, where those that take long come first.
# What is random is the same in every run; EXPLORE=60 has each test of that kind try new things for so many seconds.
test: .venv/installed
	BOKBUSS_EXPLORE=$(EXPLORE) $(BIN)/pytest $(if $(findstring -k,$(ARGS)),,-n $(WORKERS) --dist loadfile --no-loadscope-reorder) $(ARGS)

check: lint test

lint: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed
	$(BIN)/python tests/bench/run.py $(ARGS)

chaos: .venv/installed
	$(BIN)/python tests/chaos/run.py $(ARGS)

# An hour at 100 companies; ARGS="--seconds 600 --companies 20" for less.
soak: .venv/installed
	$(BIN)/python tests/chaos/soak.py $(ARGS)

# Draws the house anew in docs/architecture.md, from the imports.
docs: .venv/installed
	$(BIN)/python docs/house.py

# Keeps the versions that are locked as long as pyproject.toml allows them; ARGS=--upgrade takes the newest.
lock: .venv/installed
	env -u PIP_FIND_LINKS $(BIN)/uv pip compile --quiet $(COMPILE) pyproject.toml -o infra/deploy/requirements.lock $(ARGS)
	env -u PIP_FIND_LINKS $(BIN)/uv pip compile --quiet $(COMPILE) --group dev -c infra/deploy/requirements.lock \
	  pyproject.toml -o $(LOCK) $(ARGS)

COMPILE := --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock"

# uv installs in 8 s what takes pip 45 s. It knows nothing of pip's settings (mirrors, certificates): where it fails, pip
# does the same work. Each of them takes only what has a hash in the lock file.
.venv/installed: pyproject.toml $(LOCK) | .venv/bin/python
	@echo "Installing what the lock file names into .venv, once"
	@sed -n '/^uv==/,/[^\\]$$/p' $(LOCK) > .venv/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/uv.lock
	@env $${PIP_INDEX_URL:+UV_DEFAULT_INDEX="$$PIP_INDEX_URL"} \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r $(LOCK) \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/bin/python:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making .venv with $$($$python --version), once"; \
	    $$python -m venv .venv && exit 0; rm -rf .venv; exit 1; \
	  fi; \
	done; \
	echo "bokbuss needs Python 3.11 or newer, and found $$(python3 --version 2>&1 || echo none). Install it, or name one: make PYTHON=/path/to/python3.12" >&2; \
	exit 1
