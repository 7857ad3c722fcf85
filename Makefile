# Everything a person or a machine needs to type. `make help` lists the targets.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
# Two stamps: what running needs, and the rest in the same folder.
RUNS := $(VENV)/.runs
COMPLETE := $(VENV)/.complete
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Twice the two cores of the small machines this is meant for: many tests wait for a process or a browser.
PYTEST := $(BIN)/pytest -n 4

.PHONY: help setup complete system programs run test bench-short endurance endurance-short nightly whole dates pythons mutants damaged fuzz docs release check audit demo evaluate model geo pictures schema lock lock-check clean

help:
	@echo "make setup   create $(VENV) with what running needs, pinned and hashed (and the OCR data where possible)"
	@echo "make run     run the bot with config.toml, or with embedded defaults (SQLite, console)"
	@echo "make demo    replay a small prefecture on this machine and show the posts"
	@echo "make test    run all tests of the program"
	@echo "make bench-short   run the benchmarks in their short forms, as tests"
	@echo "make endurance   accelerated weeks of a simulated France with everything that goes wrong (see docs/benchmarks.md); the simulated year whole"
	@echo "make nightly   what is too long for each change: all tests at full length, other days, other Pythons, a short endurance, damaged PDFs, mutated input"
	@echo "make whole   run all tests at full length: the whole store on PostgreSQL too, ten times the random examples, all damage"
	@echo "make dates   run what depends on the day on first and last days, 29 February, and as clocks change"
	@echo "make pythons   run the tests of reading under each Python that is here, and say which are not"
	@echo "make damaged   read 413 damaged PDFs, and see that none loses words in silence"
	@echo "make mutants   put faults into a copy of the program, and see that the tests catch them"
	@echo "make fuzz    give mutated pages, texts, questions and addresses to what reads them, a minute each"
	@echo "make docs    build docs/ as a site of files in build/docs: it needs no network to be read"
	@echo "make release   build the wheel twice and compare, list what it needs and the licences of that, into dist/ (see CONTRIBUTING.md)"
	@echo "make check   linters, types, import contracts, the folders of topics and the structure"
	@echo "make audit   known faults of all packages that are locked (by pip-audit, which says when nothing could be asked)"
	@echo "make evaluate   precision and recall of detection on the labelled corpus"
	@echo "make model   teach the second reader of facts anew, after a change of the labelled corpus or of what it is told of words"
	@echo "make geo     renew the communes, postcodes, departments, regions and outlines from their npm packages (needs npm)"
	@echo "make pictures   make the pictures of messages and pages in docs/images anew (needs npm and Chromium)"
	@echo "make schema   write the shapes that the program describes itself into docs/commands.schema.json"
	@echo "make lock    renew requirements.lock, requirements-run.lock and requirements-tools.lock"
	@echo "make lock-check   see that the locks are what \`make lock\` makes of pyproject.toml today (needs a package index)"

setup: system $(RUNS)

$(RUNS): requirements-run.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Vigie needs Python >= 3.11 with the venv module (Debian: apt-get install python3-venv)."; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) --require-hashes -r requirements-run.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# What tests, checks and benchmarks need besides. The versions of both files are the same.
complete: system $(COMPLETE)

$(COMPLETE): $(RUNS) requirements.lock
	$(PIP) --require-hashes -r requirements.lock
	@touch $@

# French data for Tesseract: scanned pages cannot be read without it. The bot runs all the same and says what it could not read.
system:
	@$(SHELL) .ci/system-packages ocr

# For the tests of the sites that serve only real browsers, and of the command that reads where tesserocr is not there; without them they are skipped.
programs:
	@$(SHELL) .ci/system-packages browser
	@$(SHELL) .ci/system-packages tesseract

run: setup
	$(BIN)/vigie run

demo: setup
	$(BIN)/vigie demo

evaluate: complete
	$(BIN)/python -m benchmarks.detection tests/corpus
	$(BIN)/python -m benchmarks.detection tests/corpus tests/unseen tests/topics/*/* --by-writer

# Deterministic: the same lessons give the same model.
model: complete
	$(BIN)/python -m benchmarks.detection.training tests/corpus tests/unseen tests/topics/*/*

# Hundreds of processes start: they need not compile the program each, whatever the environment says.
test whole dates bench-short: export PYTHONDONTWRITEBYTECODE =
test: complete programs
	TMPDIR=$$(.ci/temporary-folder) $(PYTEST) -m "not short_form and not night"

whole: complete programs
	HYPOTHESIS_PROFILE=night TMPDIR=$$(.ci/temporary-folder) $(PYTEST) -m "not short_form"

bench-short: complete
	$(PYTEST) -m short_form tests/benchmarks

endurance: complete
	$(BIN)/python -m benchmarks.soak.endurance
	HYPOTHESIS_PROFILE=night $(PYTEST) tests/sources/crawl/test_simulated_year.py

# All of it, whatever fails.
nightly: complete
	$(MAKE) --keep-going whole dates pythons endurance-short damaged fuzz

# The tests whose world goes by the clock (tests/clock.py), at these times of UTC; two are half a minute before clocks change.
DATES := 2026-12-01T08:00:00 2026-11-30T20:00:00 2027-01-01T08:00:00 2028-02-29T08:00:00 2026-03-29T00:59:30 2026-10-25T00:59:30
DATED := tests/bot/cli tests/e2e/test_operations.py tests/e2e/test_observed.py tests/e2e/test_supervised.py tests/bot/delivery/test_restored.py

dates: export TZ = Europe/Paris
dates: complete programs
	@failed=; for at in $(DATES); do \
		echo "At $$at"; \
		TMPDIR=$$(.ci/temporary-folder) TESTS_AT=$$at+00:00 $(PYTEST) -q $(DATED) || failed="$$failed $$at"; \
	done; test -z "$$failed" || { echo "Failed:$$failed"; exit 1; }

pythons: complete
	.ci/each-python

endurance-short: complete
	$(BIN)/python -m benchmarks.soak.endurance --days 7 --sources 22

damaged: complete
	$(BIN)/python -m benchmarks.damaged

# Faults that are put into a copy of the program: the tests must catch each of them.
mutants: complete
	$(BIN)/python -m benchmarks.mutants

# Guided by the branches that are reached (atheris, which has wheels for Linux and macOS only). Findings are kept in build/fuzz.
fuzz: complete
	$(PIP) --require-hashes -r requirements-tools.lock
	$(BIN)/python -m benchmarks.fuzz

docs: complete
	$(PIP) --require-hashes -r requirements-tools.lock
	$(BIN)/sphinx-build -q -W --keep-going docs build/docs
	@! grep -rhoE '<(link|script|img|iframe)[^>]+(src|href)="(https?:)?//[^"]+' build/docs --include='*.html'

# Into dist/: the wheel, what it is made of (CycloneDX), and the licences. Changes nothing outside it.
release: complete
	$(PIP) --require-hashes -r requirements-tools.lock
	$(BIN)/python -m tools.release

check: complete
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.topics
	$(BIN)/python -m benchmarks.house

audit: complete
	$(PIP) --require-hashes -r requirements-tools.lock
	$(BIN)/python -m tools.audit

# The registry is that of npm's configuration. A new version: change it here and in the NOTICE, with its date.
geo: complete
	rm -rf build/geo
	mkdir -p build/geo
	npm pack --silent --pack-destination build/geo @etalab/decoupage-administratif@6.0.0
	$(BIN)/python -m tools.gazetteer build/geo/etalab-*.tgz
	npm pack --silent --pack-destination build/geo @gouvfr/dsfr-chart@2.0.4
	$(BIN)/python -m tools.outlines build/geo/gouvfr-*.tgz

schema: complete
	$(BIN)/python -m tools.schema

# Messages, map, chart and pages as docs show them. The font is only drawn with: nothing of it is packaged.
pictures: complete browser
	rm -rf build/pictures
	mkdir -p build/pictures
	npm pack --silent --pack-destination build/pictures @fontsource/noto-emoji@5.3.2
	tar -xzf build/pictures/fontsource-noto-emoji-5.3.2.tgz -C build/pictures
	$(BIN)/python -m tools.pictures --emoji build/pictures/package/400.css

COMPILE := bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
# Hashes only, never an index address: the lock must work with whatever registry or mirror pip is set up for.
lock:
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet uv
	$(VENV)-lock/$(COMPILE) --extra all --group dev pyproject.toml --output-file requirements.lock
	$(VENV)-lock/$(COMPILE) --extra all --group run pyproject.toml --constraint requirements.lock --output-file requirements-run.lock
	printf "atheris>=3,<4; python_version < '3.14'\ncyclonedx-bom>=7,<8\npip-audit>=2.9,<3\nsphinx>=8\nfuro>=2025\nmyst-parser>=4\n" | $(VENV)-lock/$(COMPILE) - --constraint requirements.lock --output-file requirements-tools.lock
	rm -rf $(VENV)-lock

# What is locked already is kept as long as it fits: a difference is a lock that was changed by hand, or not renewed with pyproject.toml.
lock-check: lock
	git diff --exit-code --stat -- requirements.lock requirements-run.lock requirements-tools.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
