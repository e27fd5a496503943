# Two commands do all set-up: `make run` shows the whole job, `make test` proves it.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
export PIP_ROOT_USER_ACTION = ignore

.PHONY: run test lint clean

run: .venv/.installed
	$(BIN)/pantau demo

# Elasticsearch and PostgreSQL are fetched and started as tests need them (tests/servers.py); what cannot be had is said.
test: .venv/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Debian keeps venv in a package of its own; as root it is installed, otherwise venv says what to do.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Pantau needs Python 3.11 or newer; name one with: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv >/dev/null 2>&1 \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
			&& apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null; }; \
		[ -x .venv/bin/pip ] || $(PYTHON) -m venv --clear .venv

.venv/.installed: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e .
	@touch $@

.venv/.installed-dev: .venv/.installed
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv demo-data
