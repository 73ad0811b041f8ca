# Everything a newcomer needs: `make demo` and `make test`, from nothing but Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

# What each of the other targets is for takes longer.
QUICK := "not browser and not torture and not engines and not recipes"
SPEED := beside start_up night serving html_report

.PHONY: demo test fast renew bench browser recipes torture engines package schemas screenshots contact-sheet lint format types lock clean

demo: $(VENV)/.run
	$(BIN)/imgcache demo

# Compiled first: the tests start hundreds of processes, and where PYTHONDONTWRITEBYTECODE is set,
# as in many containers, each would compile all that it imports. Without that, pytest keeps the tests
# as it has compiled them. Who has nothing left to do takes half of what the other still has.
test: lint types $(VENV)/.dev
	$(BIN)/python -m compileall -q imgcache
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n auto --dist worksteal -m $(QUICK)

# While you work: lint, and the tests nearest to what has changed since the last commit.
fast: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/pytest -q -x -m $(QUICK) $$($(BIN)/python -m tests.support.nearby)

# What a browser shows, and the pages in it; needs a Chromium of the system, else it is skipped.
browser: $(VENV)/.dev
	$(BIN)/pytest -m browser

# The sites of docs/site-generators.md, built by their generators, each of which it installs: of
# Debian where it may, of npm in a folder that goes (or RECIPES_HOME); skipped where it can't.
recipes: $(VENV)/.dev
	$(BIN)/pytest -m recipes

# 200 kills at random moments, a kill or an error at each call that changes the disk (needs strace),
# full disks of all sizes, 2,000 histories of kept state, long fuzzing: takes long.
torture: $(VENV)/.dev
	$(BIN)/pytest -n auto -m torture

# A refresh on every engine, into a folder and an object store, equal entry by entry, also where a
# worker is killed; then 10,000 images on each. Ray is some 80 MB to fetch, so neither is in the lock;
# takes long. IMGCACHE_TEST_IMAGES=1000 makes the last part short.
engines: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[cloud,dask,ray]'
	$(BIN)/pytest -m engines

# The sdist and the wheel in dist/, each tried in an empty environment of every Python at hand.
package: $(VENV)/.dev
	.ci/package $(VENV)

# What imgcache/schemas says of reports, manifests and configurations, made of the models anew.
schemas: $(VENV)/.dev
	$(BIN)/python -m tests.support.schemas

# How fast it is, beside its peers and the bare work in the same run; see docs/performance.md. Needs
# nginx and half an hour; run it alone. Peers (img2dataset alone takes 800 MB) and pictures are kept
# in ~/.cache/imgcache-bench.
bench: $(VENV)/.dev
	for one in $(SPEED); do echo "== $$one"; $(BIN)/python -m benchmarks.$$one || exit; done

# The pictures in docs/, taken anew; look at them before committing.
screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.browser.screenshots

# docs/verdicts.md, the man page and the golden reports, made again; look at them before committing.
renew: $(VENV)/.dev
	$(BIN)/python -m tests.support.renewed

# One picture told in all ways that files have, to be looked at: see docs/thumbnails.md.
contact-sheet: $(VENV)/.dev
	$(BIN)/python -m tests.support.contact_sheet docs/thumbnails.webp

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Exact versions with hashes; --no-deps because the lock file names everything.
$(VENV)/.run: .lock/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("imgcache needs Python 3.11 or newer; say make PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .lock/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: .lock/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .lock/dev.txt
	touch $@

# Needs uv; run it after changing the dependencies in pyproject.toml, and commit the result.
# run.txt also holds the build backend, so that installing needs no isolated build.
lock:
	$(LOCK) --extra build --extra serve pyproject.toml -o .lock/run.txt
	$(LOCK) --extra build --extra serve --extra dev pyproject.toml -o .lock/dev.txt

clean:
	rm -rf $(VENV) dist imgcache-demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
