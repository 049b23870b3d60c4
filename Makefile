# make setup | demo | test | check | bench | campaign-kill
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test check bench clean packages
setup: $(VENV)/.ready

$(VENV)/.ready: setup.py requirements/dev.txt requirements/trixie.txt models/manifest.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Siperlu needs Python 3.11 or newer; set PYTHON=")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -c requirements/dev.txt -e '.[dev]'
	@# On every core, which pip does not; a package may bring a file that this Python cannot read, and none of ours may.
	-$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib
	$(BIN)/python -m compileall -q kiosk collector wire firmware models settings cli
	$(BIN)/siperlu models build
	@touch $@

demo: setup
	$(BIN)/siperlu demo $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) .cache build dist *.egg-info

# Real faces and third-party weights lie outside the checkout; tests that need them say so when they are not there.
FACES ?= $(wildcard ../shared/data)
MODELS ?= $(wildcard ../shared/models)
# Pango lays out the recap as PDF; Poppler reads one back in tests; containers are provisioned over SSH.
DEBIAN := mosquitto postgresql chromium libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 poppler-utils openssh-client systemd-container mmdebstrap iproute2

packages:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  missing=$$(for p in $(DEBIAN); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	  if [ -n "$$missing" ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi; \
	else echo "not root: tests that need one of $(DEBIAN) and do not find it are skipped and say so"; fi

# Packages come while pip works; the Debian roots that some tests boot are made beside the tests before them.
test:
	@$(MAKE) --no-print-directory -j2 setup packages
	nice $(BIN)/python -m tests.fixtures.roots </dev/null >/dev/null 2>&1 & \
	SIPERLU_TEST_FACES="$(FACES)" SIPERLU_TEST_MODELS="$(MODELS)" $(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

# Any number of seeded kills of kiosk, relay, broker and centre: make campaign-kill KILLS=1000 SEED=3
KILLS ?= 250
SEED ?= 1
.PHONY: campaign-kill
campaign-kill: setup
	$(BIN)/python -m tests.e2e.kill_campaign --kills $(KILLS) --seed $(SEED)

# Every promise that has a figure; what needs pictures of many people or further weights runs when they are there.
.PHONY: bench
bench: setup
	$(BIN)/siperlu bench vision --json
	$(BIN)/siperlu bench search --json
	$(BIN)/siperlu bench green --json
	$(BIN)/siperlu bench ingest --json
	$(BIN)/siperlu bench centre --people 2000 --units 150 --years 1 --json
	$(if $(wildcard $(FACES)/lfw),$(BIN)/siperlu evaluate faces --faces $(FACES)/lfw/faces --pairs $(FACES)/lfw/pairs.txt --json)
	$(if $(MODELS),$(BIN)/siperlu bench vision --detector yunet --models $(MODELS) --json)

# The units of systemd/ in a booted Debian 12 container: users, sandbox, watchdog, Chromium's own sandbox. Root, network for the first time.
.PHONY: campaign-nspawn
campaign-nspawn: setup
	$(BIN)/python -m tests.e2e.nspawn_campaign $(ARGS)

# Every wheel that the locks name, for both systems and both architectures; and the recognition run on the lock of this Python. Needs the package index.
.PHONY: campaign-locks
campaign-locks: setup
	$(BIN)/python -m tests.e2e.locks_campaign $(ARGS)

# A whole kiosk in emulated machines: pins, memory, networks, power cuts, aarch64, a Raspberry Pi 3B. Root, network for the first time, an hour: ARGS="--part gpio"
.PHONY: campaign-appliance
campaign-appliance: setup
	$(BIN)/python -m tests.e2e.appliance_campaign $(ARGS)
