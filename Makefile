# Two commands do everything, on a bare machine too, inside this folder only:
#
#     make demo     a job through the whole network: chain, contracts, solver, provider, creator
#     make test     all tests, types and style
#
# `make shell` opens a shell in which ape, lilypad, anvil and pytest are at hand. For the contracts there are also
# `make invariants`, `make coverage` and `make prove`: docs/verification.md.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

ROOT  := $(CURDIR)
BUILD := $(ROOT)/.build
DONE  := $(BUILD)/done
SOLC_VERSION := 0.8.37

export VIRTUAL_ENV       := $(ROOT)/.venv
export PATH              := $(VIRTUAL_ENV)/bin:$(ROOT)/node_modules/.bin:$(PATH)
export APE_DATA_FOLDER   := $(BUILD)/ape
export SOLCX_BINARY_PATH := $(BUILD)/solcx
export SOLC_CACHE        := $(BUILD)/solc-cache
export UV_CACHE_DIR      := $(BUILD)/cache/uv
export PIP_CACHE_DIR     := $(BUILD)/cache/pip
export NPM_CONFIG_CACHE  := $(BUILD)/cache/npm
export XDG_CACHE_HOME    := $(BUILD)/cache
export XDG_DATA_HOME     := $(BUILD)/data
export XDG_CONFIG_HOME   := $(BUILD)/config
export ZIG_GLOBAL_CACHE_DIR := $(BUILD)/zig
# Byte code makes ape start in four seconds instead of ten.
unexport PYTHONDONTWRITEBYTECODE

UV     := $(VIRTUAL_ENV)/bin/uv
QUIET  := >$(BUILD)/setup.log 2>&1 || { tail -40 $(BUILD)/setup.log; exit 1; }

.PHONY: help setup demo up test lint test-contracts test-offchain faults invariants coverage prove format shell gas lock clean

help:
	@sed -n '1,8s/^# \{0,1\}//p' Makefile

# ------------------------------------------------------------------ what people run

# What an agent's machine needs; the others do it by themselves.
setup: $(DONE)/contracts

demo: $(DONE)/contracts
	@lilypad up --run cowsay -i Message="$${MESSAGE:-Hello from a verifiable network}"

up: $(DONE)/contracts
	@lilypad up

test: lint test-offchain test-contracts

lint: $(DONE)/test
	@ruff check .
	@ruff format --check .
	@mypy

test-offchain: $(DONE)/test
	@pytest -p no:ape_test tests/test_architecture.py tests/offchain tests/invariants tests/coverage tests/e2e tests/faults

# With LILYPAD_TAPE=<file>, what they send is recorded as well: see coverage.
test-contracts: $(DONE)/test
	@mkdir -p $(BUILD)/home
	@# anvil keeps old states in the home directory
	@HOME=$(BUILD)/home PYTHONPATH=. ape test tests/contracts $(if $(LILYPAD_TAPE),-p tests.coverage.recorder)

# Branches of the contracts that their tests take: the tests' tape, sent again to contracts that tell (tests/coverage).
TAPE := $(BUILD)/coverage/tape

coverage: $(TAPE)
	@HOME=$(BUILD)/home python -m tests.coverage.measure

$(TAPE): $(DONE)/test $(shell find tests/contracts -name '*.py')
	@$(MAKE) --no-print-directory test-contracts LILYPAD_TAPE=$@

# Agents killed at every step alone, and reorganisations of every depth at every step; make test has a short form of it.
faults: $(DONE)/test
	@LILYPAD_FAULTS=long pytest -p no:ape_test tests/faults

# 120,000 calls on the contracts in any order by anybody; make test has 5,000 of them.
invariants: $(DONE)/test
	@LILYPAD_INVARIANT_EXAMPLES=2000 pytest -p no:ape_test --timeout 3600 -q tests/invariants

# What tools can prove or find: conservation for all inputs by halmos, and no finding of slither without an answer.
prove: $(DONE)/prove
	@HOME=$(BUILD)/home pytest -p no:ape_test tests/proofs

format: $(DONE)/test
	@ruff check --fix . ; ruff format .

gas: $(DONE)/test
	@python -m benchmarks.record
	@python scripts/export_gas.py

shell: $(DONE)/test
	@$${SHELL:-bash}

# After a change of requirements/*.in: new pins with hashes, and no address of where they came from.
lock: $(DONE)/uv
	@cd requirements && for set in uv run test prove; do \
	  $(UV) pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header \
	    --no-emit-index-url --no-emit-find-links $$set.in -o $$set.txt; done

clean:
	rm -rf .venv .build node_modules offchain/lilypad/chain/artifacts offchain/*.egg-info

# ------------------------------------------------------------------ set-up, each step once

$(DONE)/tools:
	@mkdir -p $(DONE)
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is missing. Install it with:  apt-get install python3 python3-venv"; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is missing. Install it with:  apt-get install python3-venv"; exit 1; }
	@node -e 'process.exit(+(parseInt(process.versions.node) < 18))' 2>/dev/null || \
	  { echo "Node.js 18 or newer is missing. Install it with:  apt-get install nodejs npm"; exit 1; }
	@command -v npm >/dev/null || { echo "npm is missing. Install it with:  apt-get install npm"; exit 1; }
	@touch $@

$(DONE)/uv: requirements/uv.txt | $(DONE)/tools
	@echo "Setting up Python ..."
	@python3 -m venv $(VIRTUAL_ENV)
	@python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt $(QUIET)
	@touch $@

$(DONE)/python: requirements/run.txt pyproject.toml $(DONE)/uv
	@$(UV) pip install --require-hashes -r requirements/run.txt $(QUIET)
	@$(UV) pip install --no-deps --no-build-isolation --editable . $(QUIET)
	@touch $@

$(DONE)/node: package-lock.json | $(DONE)/tools
	@echo "Setting up the chain node and the compiler ..."
	@npm ci --omit=dev --no-fund --no-audit $(QUIET)
	@mkdir -p $(SOLCX_BINARY_PATH)
	@printf '#!/bin/sh\nexec node "%s/scripts/solc.js" "$$@"\n' "$(ROOT)" > $(SOLCX_BINARY_PATH)/solc-v$(SOLC_VERSION)
	@chmod +x $(SOLCX_BINARY_PATH)/solc-v$(SOLC_VERSION)
	@touch $@

$(DONE)/contracts: $(DONE)/python $(DONE)/node ape-config.yaml scripts/export_artifacts.py $(shell find contracts -name '*.sol')
	@echo "Compiling the contracts ..."
	@ape run export_artifacts $(QUIET)
	@touch $@

$(DONE)/test: requirements/test.txt $(DONE)/contracts
	@echo "Setting up the tests ..."
	@$(UV) pip install --require-hashes -r requirements/test.txt $(QUIET)
	@npm ci --no-fund --no-audit $(QUIET)
	@touch $@

# An environment of its own: halmos and ape cannot agree on a version of rich.
$(DONE)/prove: requirements/prove.txt $(DONE)/test
	@echo "Setting up the provers ..."
	@$(UV) venv --quiet --clear $(BUILD)/prove/venv $(QUIET)
	@VIRTUAL_ENV=$(BUILD)/prove/venv $(UV) pip install --require-hashes -r requirements/prove.txt $(QUIET)
	@touch $@
