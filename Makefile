# Two commands on a fresh machine with git, make and Python 3.11 to 3.13:
#   make demo    sets everything up in .venv, then releases, grades and reports a class of twelve
#   make test    sets everything up, then runs every check and test
# `make help` lists the rest. Variables:
#   PYTHON       the Python to build .venv with (otherwise the first one found that fits)
#   TORCH_INDEX  address of a package index with PyTorch's CPU build: on Linux pip's default build
#                brings several GB of GPU libraries that the course does not need
#   ARGS         options for the s2s command, such as  make lab ARGS="--no-browser"
#                or, for make bench, tables and options: make bench ARGS="training --rounds 5"
#   WORKERS      how many pytest workers (default 3: some tests wait, so there may be one more than cores)
#   TESTS        what make test and make pytest run (default: tests solutions)

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_VENV := .venv-bench
BENCH_READY := $(BENCH_VENV)/.ready
WORKERS ?= 3
TESTS ?= tests solutions
ARGS ?=
TORCH_INDEX ?=
PYTHON ?=
SCALE_TESTS := tests/exercises/test_proofs.py tests/mutants $(addprefix tests/grading/,sandbox/test_attacks.py test_faults.py test_killed.py test_random_edits.py test_scale.py)
# The Python on the PATH first, then the one that the pins were made with.
CANDIDATES := python3 python3.11 python3.12 python3.13
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

.PHONY: help setup sandbox demo test test-scale lint types pytest lab release doctor hooks clean distclean \
  mutants bench bench-check bench-test
.DEFAULT_GOAL := help

help:
	@echo "make demo      set up, then run the whole course once with a made-up class"
	@echo "make test      set up, then run every check and test"
	@echo "make test-scale  every attack and fault, a class of a thousand, checks drawn for many classes"
	@echo "make mutants   put right answers with one small slip each through the checks, and count survivors"
	@echo "make lab       set up, then open JupyterLab on your own copy of the lessons (work/)"
	@echo "make release   generate lessons/ from solutions/"
	@echo "make doctor    look at this machine and name what is missing"
	@echo "make hooks     check every commit with ruff and the notebook normaliser"
	@echo "make bench     measure the reference beside other packages, in an environment of its own"
	@echo "make bench-check  compare the stored measurements with what must be reached"
	@echo "make clean     remove caches and demo/;  make distclean: .venv and .venv-bench too. work/ and class/ stay."

setup: $(READY)

# Runs again only when the dependencies change. torch comes first, on its own, so that its size is
# seen; where the extra index holds a +cpu build, pip prefers that.
$(READY): pyproject.toml constraints.txt
	@set -eu; \
	command -v git >/dev/null 2>&1 || { \
	  echo "git is missing. Install it: sudo apt-get install git (Debian, Ubuntu)," \
	    "sudo dnf install git (Fedora), xcode-select --install (macOS)" >&2; exit 1; }; \
	if [ ! -x $(BIN)/python ] || ! $(BIN)/python -c '$(SUPPORTED)' || ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
	  python=; \
	  for candidate in $(or $(PYTHON),$(CANDIDATES)); do \
	    if "$$candidate" -c '$(SUPPORTED)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$python" ]; then \
	    echo "No Python 3.11, 3.12 or 3.13 was found (looked for: $(or $(PYTHON),$(CANDIDATES)))." \
	      "Install one: sudo apt-get install python3 python3-venv (Debian 12, Ubuntu 24.04 or later)," \
	      "sudo dnf install python3.13 (Fedora), brew install python@3.13 (macOS)." \
	      "If it has another name: make PYTHON=/path/to/python" >&2; exit 1; fi; \
	  "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || { \
	    version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "$$python cannot make virtual environments (its ensurepip is missing)." \
	      "Install it: sudo apt-get install python$$version-venv" \
	      "(Debian, Ubuntu)" >&2; exit 1; }; \
	  echo "Setting up $(VENV) with $$("$$python" --version), once. It takes a few minutes."; \
	  "$$python" -m venv --clear $(VENV); \
	fi; \
	if [ "$$(uname -s)" = Linux ] && [ -z "$(TORCH_INDEX)" ] \
	    && ! $(BIN)/python -c 'import torch' 2>/dev/null; then \
	  echo "Installing pip's default PyTorch. If that starts a download of several GB, stop it and" \
	    "name an index with the CPU build: make setup TORCH_INDEX=ADDRESS (see README.md)"; \
	fi; \
	$(BIN)/python -m pip install -c constraints.txt \
	  $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") torch; \
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[dev]'; \
	touch $@
	@$(MAKE) -s sandbox

# Grading needs bubblewrap; everything else runs without it, so its absence is no error.
sandbox:
	@if [ "$$(uname -s)" != Linux ] || command -v bwrap >/dev/null 2>&1; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "Installing bubblewrap, the sandbox in which submissions are graded."; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  if apt-get update -qq && apt-get install -y -qq --no-install-recommends bubblewrap; then exit 0; fi; \
	fi; \
	echo "bubblewrap is missing. Only grading needs it, as a sandbox for submissions:" \
	  "sudo apt-get install bubblewrap (Debian, Ubuntu), sudo dnf install bubblewrap (Fedora)"

demo: $(READY)
	$(BIN)/s2s demo $(ARGS)

# What takes long: all attacks and faults in every way, a thousand submissions, many draws.
test-scale: $(READY)
	OMP_NUM_THREADS=1 S2S_SCALE=1 $(BIN)/pytest -n $(WORKERS) --dist loadfile $(SCALE_TESTS) $(ARGS)

# All of them take an hour on two cores; ARGS="rnn.unroll" is one exercise.
mutants: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.mutants $(ARGS)

lab: $(READY)
	$(BIN)/s2s lab $(ARGS)

release: $(READY)
	$(BIN)/s2s release $(ARGS)

doctor: $(READY)
	$(BIN)/s2s doctor $(ARGS)

hooks: $(READY)
	$(BIN)/pre-commit install

test: lint types pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

# Every solution notebook runs beside the tests (nbval); one notebook stays on one worker.
pytest: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist loadfile \
	  --nbval-lax --nbval-current-env $(TESTS) $(ARGS)

# Other packages' speed on the same PyTorch. Their own pins are old, hence --no-deps for them alone.
$(BENCH_READY): $(READY) pyproject.toml constraints.txt benchmarks/requirements.txt benchmarks/peers.txt
	@set -eu; \
	if [ ! -x $(BENCH_VENV)/bin/python ]; then $(BIN)/python -m venv $(BENCH_VENV); fi; \
	pip="$(BENCH_VENV)/bin/python -m pip install -q"; \
	$$pip -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") torch; \
	$$pip -c constraints.txt -e . pytest; \
	$$pip -c constraints.txt -r benchmarks/requirements.txt; \
	$$pip --no-deps -r benchmarks/peers.txt; \
	touch $@

bench: $(BENCH_READY)
	$(BENCH_VENV)/bin/python -W ignore -m benchmarks $(ARGS)

# That the contenders do the same work: same parameters, same losses, same hypotheses.
bench-test: $(BENCH_READY)
	OMP_NUM_THREADS=1 $(BENCH_VENV)/bin/python -m pytest -q -W ignore benchmarks/tests $(ARGS)

bench-check: $(READY)
	$(BIN)/python -m benchmarks.bars $(ARGS)

clean:
	rm -rf demo .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) $(BENCH_VENV)
