# Each target makes the virtual environment that it needs.
PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3))
BIN := .venv/bin

.PHONY: demo test check format benchmarks dashboards clean

demo: .venv/installed ## the main job on an embedded stack: no network, no downloads
	$(BIN)/leadline demo

test: .venv/installed-dev ## all tests
	$(BIN)/python -m pytest

check: .venv/installed-dev ## what CI runs: format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

benchmarks: .venv/installed-dev ## ratios against named peers; see benchmarks/README.md
	$(BIN)/python benchmarks/cheap_path.py
	$(BIN)/python benchmarks/scorer_path.py
	$(BIN)/python benchmarks/start_up.py

dashboards: .venv/installed-dev ## writes dashboards/*.json
	$(BIN)/python dashboards/build.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ .venv/installed

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
