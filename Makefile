# `make` prints help. A target builds what it needs; a machine with Python 3.11 or newer and make is enough.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := libs/contracts libs/common services/profile services/ticketing services/campaign services/scoring \
	gateway deploy/local
PYPROJECTS := $(addsuffix /pyproject.toml,$(MEMBERS))
INSTALLED := $(VENV)/.installed
LOCKED := $(VENV)/.locked
# Files that start with an underscore are parts of others.
BENCHES := $(sort $(wildcard tests/bench/[a-z]*.py))

# What a demo reads; without DATA it invents an operator.
DATA ?=
MAPPING ?=
COMPLAINTS ?=
EXIT ?=
BENCH ?=
EXAMPLES ?= 25
ARGS ?=
# Each worker has servers of its own; a file stays with one worker.
WORKERS ?= auto
BESIDE := -n $(WORKERS) --maxprocesses 4 --dist loadgroup

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

##@ Run

.PHONY: demo up down reset
demo: $(INSTALLED) ## Watch the loop run; DATA=customers.csv MAPPING=mapping.yaml COMPLAINTS=complaints.csv EXIT=1
	@$(BIN)/careloop demo $(if $(DATA),--data '$(DATA)') $(if $(MAPPING),--mapping '$(MAPPING)') \
		$(if $(COMPLAINTS),--complaints '$(COMPLAINTS)') $(if $(filter-out 0,$(EXIT)),--exit) $(ARGS)

up: $(INSTALLED) ## Start the platform and stay with it until Ctrl-C
	@$(BIN)/careloop up

down: $(INSTALLED) ## Stop a running platform
	@$(BIN)/careloop down

reset: $(INSTALLED) ## Stop the platform and delete its data
	@$(BIN)/careloop reset

##@ Work on it

.PHONY: test check fmt schemas docs fuzz bench chaos
test: $(INSTALLED) ## Run the tests; ARGS="services/ticketing -k sla" for some of them, WORKERS=0 for one after the other
	$(BIN)/python -m pytest $(BESIDE) $(ARGS)

check: $(INSTALLED) ## Everything that is checked without running the platform
	@$(BIN)/python tools/check.py $(ARGS)

fmt: $(INSTALLED) ## Format, and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schemas: $(INSTALLED) ## Write the events' JSON Schemas and AsyncAPI, and the merged OpenAPI, again
	$(BIN)/python -m careloop_contracts.generate
	$(BIN)/python -m careloop_gateway.openapi_merge

docs: $(INSTALLED) ## Write the generated pages of docs/ again
	$(BIN)/python -m careloop_local.docs

fuzz: $(INSTALLED) ## Try hostile requests on every documented route; EXAMPLES=100 for longer
	EXAMPLES='$(EXAMPLES)' PHASES=examples,coverage,fuzzing $(BIN)/python -m pytest --timeout 0 \
		tests/platform/test_fuzz.py services/ticketing/tests/service/tmf621/test_conformance.py $(ARGS)

bench: $(INSTALLED) ## Measure; BENCH=churn_auc for one benchmark, ARGS for its arguments
	@for bench in $(if $(BENCH),$(BENCH:%=tests/bench/%.py),$(BENCHES)); do \
		echo "=== $$bench"; $(BIN)/python $$bench $(ARGS) || exit; \
	done

chaos: $(INSTALLED) ## Kill processes at random under load, and account for every write; ARGS="--kills 20 --seed 1"
	$(BIN)/python tests/chaos/run.py $(ARGS)

##@ Dependencies

.PHONY: lock install clean
lock: $(INSTALLED) ## Resolve all dependencies again after a change to a pyproject.toml; ARGS=--upgrade for newer ones
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
		--group dev --all-extras $(PYPROJECTS) $(foreach member,$(MEMBERS),--no-emit-package careloop-$(notdir $(member))) \
		--custom-compile-command "make lock" --output-file requirements.lock $(ARGS)

install: $(INSTALLED) ## Build the virtual environment

clean: ## Delete the virtual environment and the caches, not the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage

$(LOCKED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "CareLoop needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another one: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		"uv==$$(sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements.lock)"
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@touch $@

$(INSTALLED): $(LOCKED) $(PYPROJECTS)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix -e ./,$(MEMBERS))
	@$(BIN)/python -m compileall -q $(addsuffix /src,$(MEMBERS))
	@touch $@

##@

.PHONY: help
help: ## Show this help
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
