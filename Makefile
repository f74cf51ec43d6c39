# One verb per job. `make demo` and `make test` set up what they need by themselves.
VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
NODE  := tests/clients/node_modules/.ready

.PHONY: demo test test-fast soak lint bench schemas clean

demo: $(READY)         ## watch referrals travel between two agencies' systems
	$(BIN)/hub demo

test: lint $(NODE)     ## lint, types and every test that this machine can run
	$(BIN)/pytest -n 2 -q -m "not soak"

test-fast: $(READY)    ## without the scenarios, races and kills
	$(BIN)/pytest -q -m "not soak" tests/unit tests/contract tests/tidy

soak: $(READY) $(NODE) ## the long races, kills and simulations at full size; property tests with new examples
	HUB_SOAK=1 $(BIN)/pytest -q tests/race tests/simulation tests/unit tests/clients

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@found=$$($(BIN)/pytest -qq --collect-only) || { echo "$$found"; exit 1; } # a test file that cannot be read stops here

bench: $(READY)        ## benchmarks as ratios beside their references; of some: make bench BENCH="decide gather --scale 100"
	$(BIN)/python -m bench $(BENCH)

schemas: $(READY)      ## write the contracts under schemas/ anew; a test says when they are not current
	$(BIN)/python -m schemas.fhir.generate
	$(BIN)/python -m tests.clients.record
	$(BIN)/python -c "import json; from consent.facts import facts_schema as s; print(json.dumps(s(), indent=2, ensure_ascii=False))" > schemas/decision/facts-v1.json

clean:
	rm -rf $(VENV) tests/clients/node_modules build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

$(NODE): tests/clients/package.json tests/clients/package-lock.json
	@command -v npm >/dev/null || exit 0; npm ci --prefix tests/clients --no-audit --no-fund --loglevel=error && touch $@ \
	  || echo "npm could not install tests/clients: its tests are left out, or fail where node is required"
