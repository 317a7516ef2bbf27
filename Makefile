# make app    serves the page (make app PORT=7871 on another port)
# make test   runs the tests
# make check, make benchmark
# They set up a virtual environment in .venv on first use; all they need is Python 3.10 or later.

PYTHON ?= python3
PORT ?= 7860

.PHONY: app test check benchmark

app: .venv/app
	.venv/bin/python app.py --port $(PORT)

test: .venv/dev
	.venv/bin/python -m pytest --numprocesses 3 --dist worksteal

check: .venv/dev
	rm -f finalnet/*/*.pyi  # Gradio writes them when it runs, and mypy would believe them
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

benchmark: .venv/dev
	.venv/bin/python -m benchmarks.latency
	.venv/bin/python -m benchmarks.loading
	.venv/bin/python -m benchmarks.crowd
	.venv/bin/python -m benchmarks.load

.venv/app: requirements-app.txt
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("Python 3.10 or later is needed, this is " + sys.version)'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --requirement requirements-app.txt
	touch .venv/app

.venv/dev: requirements-dev.txt requirements.txt .venv/app
	.venv/bin/python -m pip install --quiet --requirement requirements-dev.txt
	touch .venv/dev
