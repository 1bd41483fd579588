# Each target makes the virtual environment that it needs.
PYTHON ?= $(shell for name in python3.11 python3.12 python3; do command -v $$name && break; done)
BIN := .venv/bin

.PHONY: demo test test-emitters test-phoenix test-llm record-emitters check lint format benchmarks dashboards pictures clean

demo: .venv/installed ## the main job on an embedded stack: no network, no downloads
	$(BIN)/leadline demo

test: .venv/installed-dev ## all tests, a file at a time on each of two processes
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-emitters: .venv/installed-dev .venvs/emitters/installed ## real LangChain, LlamaIndex, Haystack and Chroma export to a sidecar
	$(BIN)/python -m pytest tests/emitters

test-phoenix: .venv/installed-dev .venvs/phoenix/installed ## a real Phoenix is polled by a sidecar
	$(BIN)/python -m pytest tests/phoenix

test-llm: .venv/installed-dev .venvs/llm/installed ## a real small language model is asked
	$(BIN)/python -m pytest tests/llm

record-emitters: .venvs/emitters/installed ## writes tests/monitor/otlp/fixtures
	.venvs/emitters/bin/python tests/emitters/record.py

check: lint test ## what CI runs

lint: .venv/installed-dev ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

benchmarks: .venv/installed-dev ## ratios against named peers; see benchmarks/README.md
	$(BIN)/python benchmarks/cheap_path.py
	$(BIN)/python benchmarks/scorer_path.py
	$(BIN)/python benchmarks/scorer_provider.py ../shared/collections
	$(BIN)/python benchmarks/scenario_speed.py ../shared
	$(BIN)/python benchmarks/kafka_load.py
	$(BIN)/python benchmarks/judge_calls.py
	$(BIN)/python benchmarks/memory.py
	$(BIN)/python benchmarks/start_up.py

dashboards: .venv/installed-dev ## writes dashboards/*.json
	$(BIN)/python -m dashboards.build

pictures: .venv/installed-dev ## draws docs/dashboards/*.png from what a Prometheus answers; some minutes
	$(BIN)/python -m dashboards.draw

docs/metrics.md: monitor/catalogue.py detectors/signals.py .venv/installed ## from the catalogue
	$(BIN)/leadline metrics --markdown > $@

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ .venv/installed

.venvs/%/installed: tests/%/requirements.txt
	$(PYTHON) -m venv .venvs/$*
	.venvs/$*/bin/python -m pip install --quiet $(ALONE) --requirement $<
	touch $@

.venvs/llm/installed: ALONE := --no-deps

clean:
	rm -rf .venv .venvs build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
