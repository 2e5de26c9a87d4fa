# Two commands on a fresh machine: `make demo` and `make test`. Python 3.11 to 3.13 and make are enough.
PYTHON ?= python3
BIN := .venv/bin
# the system's certificates, because an organisation's network may re-sign TLS
UV := UV_PROJECT_ENVIRONMENT=.venv UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 $(BIN)/uv
READY := .venv/.ready
# where it is set, each start of the command compiles everything anew and takes three times as long
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test soak bench bench-setup check audit fix docs docs-test browser database directories clean

setup: $(READY)  ## make .venv with everything in it

$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "intranet-hub needs Python 3.11, 3.12 or 3.13: set PYTHON=python3.12, say.")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "No venv module: install python3-venv (Debian) and run make again."; exit 1; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(UV) sync --frozen --compile-bytecode --quiet --no-progress
	@touch $(READY) && echo "ready: .venv/bin/hub"

demo: setup  ## the whole story, live, until Ctrl-C; DIRECTORY=slapd for a real OpenLDAP server
	@$(BIN)/hub demo $(if $(DIRECTORY),--directory $(DIRECTORY))

test: setup browser database directories  ## every test; what this machine cannot have is skipped with its reason
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder  # they wait for processes and servers more than they compute

soak: setup database directories  ## what takes long, about half an hour; MINUTES=5 or N=50 (kills, stops) for less
	@SOAK_MINUTES=$(MINUTES) SOAK_N=$(N) $(BIN)/pytest -m soak tests

browser:
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-noto-color-emoji >/dev/null; } || \
	  echo "no chromium here and no right to install it: browser tests will be skipped"

database:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  mkdir -p /etc/postgresql-common/createcluster.d && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/no-main.conf && \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends postgresql >/dev/null; } || \
	  echo "no PostgreSQL here and no right to install it: its tests will be skipped"

# no service may start while they are installed: policy-rc.d says so, and is taken away again if it is ours
directories:
	@PATH="$$PATH:/usr/sbin:/sbin"; command -v slapd >/dev/null && command -v samba-tool >/dev/null && command -v ldapsearch >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  { test -e /usr/sbin/policy-rc.d || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && ours=1; }; } && \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends slapd ldap-utils samba samba-ad-dc \
	    samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind ldb-tools zstd >/dev/null; code=$$?; \
	  test -z "$$ours" || rm -f /usr/sbin/policy-rc.d; test $$code = 0; } || \
	  echo "no slapd, Samba and ldapsearch here and no right to install them: tests of real directories will be skipped"

bench-setup: setup  ## install the tools that the hub is measured beside, below .cache/bench
	@$(BIN)/python -m benchmarks setup

bench: setup  ## measure; ONLY=W1,W2 and PEERS=hub,dlt for some, RESUME=1 to go on, QUICK=1 for a look
	@$(BIN)/python -m benchmarks $(if $(ONLY),--works $(ONLY)) $(if $(PEERS),--peers $(PEERS)) $(if $(RESUME),--resume) $(if $(QUICK),--quick); \
	  code=$$?; $(BIN)/python -m docs.generate; exit $$code

check: setup  ## style, types, layers, spelling, freshness of what is generated
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/codespell
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive hub connectors docs
	@$(UV) lock --check --quiet
	@$(BIN)/python -m docs.generate --check

audit: setup  ## known weaknesses of the packages in uv.lock; skipped, and said so, where nobody can be asked
	@$(BIN)/python -m docs.weaknesses

fix: setup  ## mend what can be mended
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

docs: setup browser  ## generate schemas, API document, reference pages, pictures
	@$(BIN)/python -m docs.generate
	@$(BIN)/python -m docs.pictures

docs-test: setup  ## run every block of README, tutorial and the how-tos about people in an empty directory
	@$(BIN)/python -m docs.follow
	@$(BIN)/pytest -q -ra tests/ldap/connector/test_ldap_howto.py tests/docs/test_docs_people.py

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache
