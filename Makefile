# make app        serves the page (PORT=7871: on another port)
# make test       runs the tests
# make check      lints and checks types
# make benchmark  measures latency, loading, many visitors and load
# The first run sets up a virtual environment in .venv. It needs only Python 3.10 or later.

PYTHON ?= python3
PORT ?= 7860

.PHONY: app test check benchmark

app: .venv/app
	.venv/bin/python app.py --port $(PORT)

test: .venv/dev
	.venv/bin/python -m pytest --numprocesses 3 --dist worksteal

check: .venv/dev
	rm -f finalnet/*/*.pyi  # Gradio writes these stubs, and mypy would prefer them
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

benchmark: .venv/dev
	.venv/bin/python -m benchmarks.latency
	.venv/bin/python -m benchmarks.loading
	.venv/bin/python -m benchmarks.crowd
	.venv/bin/python -m benchmarks.load

.venv/app: requirements-app.txt
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("FinalNet needs Python 3.10 or later; this is " + sys.version)'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --requirement requirements-app.txt
	touch .venv/app

.venv/dev: requirements-dev.txt requirements.txt .venv/app
	.venv/bin/python -m pip install --quiet --requirement requirements-dev.txt
	touch .venv/dev
