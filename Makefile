# Two commands matter: `make sandbox` and `make test`. Both set everything up first, from a fresh checkout.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
NOTEBOOKS_READY := $(VENV)/.notebooks-ready

# All cores, the tests handed out in blocks, so that what a module sets up is set up once. Python may write byte code
# here whatever the environment says: pytest's own, which takes half of the time to collect, is made by nobody else.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest
PARALLEL := -n auto --dist worksteal

.PHONY: help install sandbox test check notebooks lessons bench hunt kills kill-table mutants judges browser-files lock clean

help: ## Show this list.
	@echo "Options of a command go in ARGS, as in make sandbox ARGS=\"--port 0\" or make test ARGS=\"-k greylist\"."
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(READY) ## Set up .venv; every other command does it by itself.
	@$(BIN)/python -m compileall -q reference simulator contracts

# uv is put into the venv first: it sets up the rest some ten times faster than pip does. Where it cannot (it reads
# other settings than pip), pip does the same work.
$(READY): requirements.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version)'
	@echo "Setting up $(VENV), once: a virtual environment ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@echo "  $$(grep -c '^[a-z].*==' requirements.lock) packages from PyPI ..."
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --require-hashes -r requirements.lock \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "  justemails itself ..."
	@$(BIN)/uv pip install --quiet --offline --python $(BIN)/python --no-deps --no-build-isolation -e . \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "  byte code ..."
	@$(BIN)/python simulator/byte_code.py
	@touch $(READY)

sandbox: install ## Run the sandbox on http://127.0.0.1:8025.
	@$(BIN)/justemails sandbox $(ARGS)

test: install ## Run the tests, on all cores.
	@$(PYTEST) $(PARALLEL) $(ARGS)

check: install ## Check format, lint, types and the direction of imports.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The lessons in JupyterLab, which is large and installed here alone. `make notebooks ARGS=--site` renders them as pages
# instead, and needs nothing more than the tests do.
ifeq ($(ARGS),--site)
notebooks: install
	@$(BIN)/python -m justemails_lessons site
else
notebooks: $(NOTEBOOKS_READY) ## Open the lessons in JupyterLab; ARGS=--site makes pages of them.
	@$(BIN)/jupyter lab notebooks/00-start-here.ipynb $(ARGS)
endif

$(NOTEBOOKS_READY): $(READY) requirements-notebooks.lock
	@echo "Setting up JupyterLab, this once ..."
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --require-hashes -r requirements-notebooks.lock \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-notebooks.lock
	@touch $(NOTEBOOKS_READY)

# After a change to a twin or to what the lab shows.
lessons: install ## Run every lesson and write its notebook again.
	$(BIN)/python -m justemails_lessons index
	$(BIN)/python -m justemails_lessons store $(ARGS)

bench: install ## Measure.
	$(BIN)/python -m tests.benchmarks $(ARGS)

# Breaks the product on purpose, at length, and ends with a table by family. `make hunt ARGS=-v` says what noticed each
# breakage, `make hunt ARGS='-k "null MX"'` makes those whose names have both words. A file's tests stay in one process:
# those of the conformance suite share their judgements.
hunt: install ## Break the product on purpose, and show what went unnoticed.
	@$(PYTEST) -m hunt -n auto --dist loadfile $(ARGS)

# Three parts of the hunt that can do more. This one kills the sandbox 200 times and prints the figures.
kills: install ## Kill the sandbox 200 times.
	@$(PYTEST) -m hunt tests/sandbox/test_kill.py --kills 200 -v $(ARGS)

# Every wrong engine of tests/simulation/mutants.py: which invariant catches it, and the scenario cut down.
mutants: install ## Cut down what catches each wrong engine.
	$(BIN)/python -m tests.simulation.hunt $(ARGS)

# What the conformance suite makes of every broken server of tests/conformance/mutants, and of those that are right:
# which checks could be left out, which verdicts change from run to run, and the table as JSON.
kill-table: install ## Show what each check of the conformance suite is worth.
	$(BIN)/python -m tests.conformance.kills $(ARGS)

# Programs that nobody here wrote judge our mail; they are installed where they can be.
# The browser looks beside them, for neither needs the other's core.
judges: install ## Have programs of others judge our mail, and a browser our pages.
	@tests/judges/install.sh
	@$(BIN)/python -m pytest tests/browser $(ARGS) > $(VENV)/browser.txt 2>&1 & browser=$$!; \
		$(BIN)/python -m pytest tests/judges tests/lab/test_lab.py $(ARGS); judged=$$?; \
		wait $$browser; looked=$$?; cat $(VENV)/browser.txt; exit $$((judged + looked))

# Files of others that the dashboard's pages need, from their pinned packages of npm.
browser-files: ## Fetch the browser files that the dashboard is built on.
	@$(PYTHON) simulator/browser_files.py

lock: install ## Resolve the dependencies again.
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra notebooks --constraint requirements.lock --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements-notebooks.lock

clean: ## Remove what the commands have made.
	rm -rf $(VENV) notebooks/_site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
