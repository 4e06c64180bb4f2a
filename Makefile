# Two commands matter: `make demo` and `make test`. Both make their own environment in .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
PYTEST := $(BIN)/python -m pytest

.PHONY: demo test lint type quality bench lock clean

demo: $(STAMP)
	$(BIN)/gate demo --out demo-out

# Most tests wait most of their time, so there are more at once than a small machine has cores. Some measure: one that
# fails among others is run again alone, once, and has to pass. Status 1 is pytest's for failed tests, and no other.
test: $(STAMP) lint type
	$(PYTEST) -n 6 --dist worksteal || { [ $$? = 1 ] && echo 'what failed, again and alone:' \
		&& $(PYTEST) --last-failed --last-failed-no-failures none; }

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable instrument
	touch $(STAMP)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: $(STAMP)
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m bench.start

lock:
	uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --extra demo --group dev --group examples pyproject.toml requirements-build.in -o requirements-dev.lock

clean:
	rm -rf $(VENV) demo-out gate-out
