# Every target does the set-up it needs; `make` alone lists them.
# PYTHON names the interpreter that .venv is made with (3.11 or newer); without it an existing .venv keeps its own.
ifndef PYTHON
PYTHON := $(shell test -x .venv/bin/python && echo .venv/bin/python || echo python3)
endif

MAKEFLAGS += --no-print-directory
VENV_PYTHON := .venv/bin/python
GATES := PYTHONPATH=tests/architecture $(VENV_PYTHON) -m house_rules.gates

# Parses on every Python since 2.6, so that an old one gets a sentence and not a syntax error.
CHECK_PYTHON := import sys; v = sys.version_info; v >= (3, 11) or sys.exit("setup: Python 3.11 or newer is needed, '$(PYTHON)' is %d.%d; name another one, for instance: make setup PYTHON=python3.12" % v[:2])

.DEFAULT_GOAL := help
.PHONY: help setup test demo sim lint bench record mutation faults molecule

help: ## this list
	@echo "winops.patching: make TARGET"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)$$/  \1\t\2/p' Makefile | expand -t 12

setup: ## .venv/ with pinned tools, and the collections under .build/
	@"$(PYTHON)" -c "" 2>/dev/null || { echo "setup: '$(PYTHON)' does not run; name a Python 3.11 or newer, for instance: make setup PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c "$(subst ",\",$(CHECK_PYTHON))"
	@"$(PYTHON)" tests/architecture/set_up.py

test: setup ## all gates and all tests, and what could not be run
	@gates=0; $(GATES) || gates=1; \
	cores=0; $(VENV_PYTHON) tests/architecture/cores.py || cores=1; \
	tests=0; $(VENV_PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder || tests=$$?; \
	if [ $$gates != 0 ]; then echo "test: a lint gate is red; see above" >&2; exit 1; fi; \
	if [ $$cores != 0 ]; then echo "test: an ansible-core could not be installed; see above" >&2; exit 1; fi; exit $$tests

lint: setup ## the gates alone, without the tests
	@$(GATES)

sim: setup ## the simulated demo fleet, until Ctrl-C; its inventory is .build/sim/inventory.yml
	@mkdir -p .build/sim
	@echo "simulating tests/simulator/fleets/demo; inventory: .build/sim/inventory.yml; Ctrl-C ends it"
	@PYTHONPATH=tests/simulator exec $(VENV_PYTHON) -m winsim serve tests/simulator/fleets/demo --inventory .build/sim/inventory.yml

demo: setup ## the simulated demo fleet, assessed and then patched: two tables, and build/demo/fleet.json
	@$(VENV_PYTHON) tests/simulator/demo.py

bench: setup ## measured beside ansible.windows on the same simulated hosts: a table, and build/bench.json
	@PYTHONPATH=tests/simulator $(VENV_PYTHON) -m benchmarks

record: setup ## recordings of our scripts under a real PowerShell, into tests/golden; docs/recording.md tells how
	@PYTHONPATH=tests/simulator:tests/powershell $(VENV_PYTHON) -m recorder $(ARGS)

mutation: setup ## small mistakes put into the judges on purpose, each to be found by a test: docs/mutation.md
	@PYTHONHASHSEED=0 PYTHONPATH=tests/architecture $(VENV_PYTHON) -m mutation $(ARGS)

molecule: setup ## each role in check mode, twice, and verified, on simulated hosts: extensions/molecule/README.md
	@rm -rf .build/molecule && mkdir -p .build/molecule
	@MOLECULE_EPHEMERAL_DIRECTORY="$(CURDIR)/.build/molecule" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.build" \
	ANSIBLE_HOME="$(CURDIR)/.build/home/.ansible" PATH="$(CURDIR)/.venv/bin:$$PATH" \
	$(VENV_PYTHON) -m molecule test $(if $(ARGS),$(ARGS),--all)

faults: setup ## hosts with faults, patched by the real playbook and held against the truth: docs/faults.md, build/faults.json
	@PYTHONPATH=tests/simulator $(VENV_PYTHON) -m campaign $(ARGS)
