# make run | test | lint | bench | mutate | chaos, each from a fresh clone.

PYTHON ?= python3
PORT ?= 8000
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := run
.PHONY: run test lint bench mutate chaos messages

PY := .venv/bin/python
APPS := kelompok assessment meetings finance groups

.venv/run: requirements.txt
	@test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev: .venv/run requirements-dev.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

run: export DEBUG = true
run: .venv/run
	@$(PY) manage.py migrate --verbosity 0
	$(PY) manage.py load_regions --if-empty
	$(PY) manage.py demo --if-empty
	echo "Kelompok is served on http://127.0.0.1:$(PORT)"
	exec $(PY) manage.py runserver 127.0.0.1:$(PORT)

# SQLite always, PostgreSQL where one answers, a browser where there is one; with CI set, all of them or a failure.
test: .venv/dev
	@database=$$($(PY) -m tests.find_postgresql)
	unset PYTHONDONTWRITEBYTECODE  # each worker of each run would compile the tests anew
	echo "== SQLite"
	env -u DATABASE_URL $(PY) -m pytest --numprocesses auto --dist worksteal
	if [ -n "$$database" ]; then
	    echo "== PostgreSQL"
	    DATABASE_URL="$$database" $(PY) -m pytest --numprocesses auto --dist worksteal -m "not browser"
	fi

lint: .venv/dev
	@.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy $(APPS)
	.venv/bin/lint-imports
	.venv/bin/djlint --lint --quiet templates
	DEBUG=true $(PY) manage.py makemigrations --check --dry-run
	DEBUG=false SECRET_KEY=$$(head -c 48 /dev/urandom | base64) ALLOWED_HOSTS=kelompok.example.org \
	    $(PY) manage.py check --deploy --fail-level WARNING
	.ci/check-messages

# Each figure beside its raw-SQL floor from the same run; needs PostgreSQL, which gets a database of its own.
bench: .venv/dev
	@DATABASE_URL=$$(CI=true $(PY) -m tests.find_postgresql) $(PY) -m tests.bench

# Whether the tests notice changes of money and scoring code: a sample, in ten minutes on two cores.
mutate: .venv/dev
	@env -u DATABASE_URL $(PY) -m tests.mutation

# Kills, races, ids of other organisations and malformed values by the thousand; CHAOS_SEED=7 draws others.
chaos: export CHAOS_LARGE = 1
chaos: .venv/dev
	@database=$$($(PY) -m tests.find_postgresql)
	echo "== SQLite"
	env -u DATABASE_URL $(PY) -m pytest tests/chaos
	if [ -n "$$database" ]; then
	    echo "== PostgreSQL"
	    DATABASE_URL="$$database" $(PY) -m pytest tests/chaos
	fi

# Collect the texts of code and templates into the catalogue, and compile what is translated.
messages: export DEBUG = true
messages: .venv/run
	@$(PY) manage.py makemessages --locale id --no-location --no-obsolete --ignore .venv --ignore tests
	$(PY) manage.py compilemessages --locale id --ignore .venv
