# Every target first makes .venv ready (.ci/setup.sh), which takes no time when nothing changed.
#   PYTHON=python3.13   the interpreter to build .venv with
#   WORKERS=2           how many processes run the tests
#   ARGS=…              handed on to pytest, yardstick demo or the lock

MAKEFLAGS += --no-print-directory
SHELL := bash
BIN := .venv/bin
WORKERS ?= 2
ARGS ?=

.PHONY: help setup setup-tests demo test lint format check soak lock clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv ready to run yardstick
	@.ci/setup.sh

setup-tests:
	@.ci/setup.sh --tests

demo: setup ## make the demo company's latest month
	@$(BIN)/yardstick demo $(ARGS)

test: setup-tests ## run all tests but the long campaigns
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup-tests ## look for mistakes, wrong types, wrong imports and unused dependencies
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/deptry .

format: setup ## lay out the code, and mend what can be mended safely
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

check: lint test ## everything: lint, then tests

soak: setup-tests ## run the long campaigns
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m soak $(ARGS)

lock: ## write requirements.lock anew (ARGS=--upgrade for newer versions)
	@.ci/lock.sh $(ARGS)

clean: ## remove .venv and what the tools left behind
	@rm -rf .venv .venv.lock build dist .deptry_cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
