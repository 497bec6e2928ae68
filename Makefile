# `make up` gives a running stack, `make test` runs every test; both install what they need into .venv.
PYTHON ?= python3
EXAMPLE ?= examples/quickstart/spcs-milvus.yaml
RUN := .venv/bin/python -m
INSTALLED := .venv/.installed

.PHONY: help up status down test faults test-docker check lint format mutants bench clean

help: ## Show what can be done
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

up: $(INSTALLED) ## Run Milvus and Jupyter on a local account, and say where
	@$(RUN) spcs_milvus up --yes -f $(EXAMPLE)

status: $(INSTALLED) ## Show what is running
	@$(RUN) spcs_milvus status -f $(EXAMPLE)

down: $(INSTALLED) ## Remove the stack and stop the local account
	@$(RUN) spcs_milvus down --yes -f $(EXAMPLE)
	@$(RUN) spcs_milvus local stop

# The one that keeps every processor busy comes last.
PARTS := tests/spcs_milvus tests/docker tests/emulator tests/peers tests tests/invariants tests/canaries tests/images tests/live \
	tests/fuzz tests/faults

test: $(INSTALLED) ## Run every test, in two processes side by side
	@$(MAKE) --no-print-directory --keep-going --jobs=2 $(PARTS)

# What a part says comes in one piece, when it has ended.
.PHONY: $(PARTS)
tests: FILES = $(wildcard tests/test_*.py)
$(PARTS):
	@echo "$@: begun"; said=$$(mktemp); $(RUN) pytest $(or $(FILES),$@) >$$said 2>&1; code=$$?; cat $$said; rm $$said; exit $$code

faults: $(INSTALLED) ## Strike every command at every statement, not only at a share of them
	@SPCS_MILVUS_FAULTS_SHARE=1 $(RUN) pytest tests/faults

test-docker: $(INSTALLED) ## Run the tests that need a Docker engine
	@$(RUN) pytest tests/docker

check: lint test ## What a change must pass: lint, then every test

lint: $(INSTALLED) ## Check form, rules, types and layers
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy
	.venv/bin/python -c "from importlinter.cli import lint_imports_command as run; run()"

format: $(INSTALLED) ## Bring the code into the usual form
	$(RUN) ruff format
	$(RUN) ruff check --fix

mutants: $(INSTALLED) ## Change what decides over dropping, bit by bit, and see that tests notice (docs/mutants.md)
	@$(RUN) pip install --quiet --disable-pip-version-check mutmut==3.8.1
	@nice $(RUN) mutmut run --max-children 2
	@$(RUN) mutmut results

bench: $(INSTALLED) ## Print the figures that the README quotes
	$(RUN) benchmarks

clean: ## Remove what make installed here
	rm -rf mutants .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(INSTALLED): pyproject.toml constraints.txt
	@echo "installing into .venv: a minute or two, about 900 MB"
	@$(PYTHON) -m venv .venv
	@$(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local,dev]'
	@touch $@
