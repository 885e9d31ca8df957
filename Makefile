# The targets of the workshop; `make` lists them.

# The tests start some hundred processes: Python keeps the bytecode of what they import.
unexport PYTHONDONTWRITEBYTECODE

# Text for the shell, whatever signs it holds. Paths of the environment are read with $(value ...),
# since make would take a dollar sign in them for a variable.
quote = '$(subst ','\'',$(1))'

# An active venv or conda environment is used; otherwise .venv, which `make setup` creates.
IS_CONDA :=
ifdef VIRTUAL_ENV
PREFIX := $(value VIRTUAL_ENV)
else ifdef CONDA_PREFIX
PREFIX := $(value CONDA_PREFIX)
IS_CONDA := yes
else
PREFIX := .venv
NEW_VENV := .venv/pyvenv.cfg
endif

ifneq ($(OS),Windows_NT)
PYTHON := $(call quote,$(PREFIX)/bin/python)
else ifndef IS_CONDA
PYTHON := $(call quote,$(PREFIX)/Scripts/python.exe)
else
PYTHON := $(call quote,$(PREFIX)/python.exe)
endif

# maturin refuses when both kinds of environment are announced; a conda environment brings its
# packages, pip users get the pinned ones.
ifdef IS_CONDA
MATURIN := env -u MAKEFLAGS -u MFLAGS -u VIRTUAL_ENV
INSTALL := -e ".[workshop,book,test]"
else
MATURIN := env -u MAKEFLAGS -u MFLAGS -u CONDA_PREFIX VIRTUAL_ENV="$$($(PYTHON) -c 'import sys; print(sys.prefix)')"
INSTALL := -r requirements.lock -e .
endif

# Without internet: all comes from the folder that `make wheelhouse` filled.
ifdef WHEELHOUSE
WHEELS := $(shell cd $(call quote,$(value WHEELHOUSE)) && pwd)
ifeq ($(WHEELS),)
$(error There is no folder WHEELHOUSE=$(value WHEELHOUSE))
endif
INSTALL := --no-index --find-links $(call quote,$(WHEELS)) $(INSTALL)
export CARGO_HOME := $(WHEELS)/cargo
export CARGO_NET_OFFLINE := true
endif

# Where `make wheelhouse` collects; CARGO_HOME is the folder cargo in it.
INTO ?= wheelhouse
COLLECTED := $(call quote,$(value INTO))
# What hatchling asks for only when it installs a package in place.
BACKEND := 'editables~=0.3'
CRATES_CONFIG := '[source.crates-io]' 'replace-with = "crates"' '[source.crates]' 'directory = "crates"'

# What an environment must have been set up from; the same text means there is nothing to do.
SETUP_STATE := "$$(pwd) $$(cksum pyproject.toml requirements.lock | tr '\n' ' ')"
SETUP_STAMP := $(call quote,$(PREFIX)/.rust-market-setup)

# What `make bench-compare` compares with.
BASE ?= HEAD

# As many workers as tests/conftest.py says.
PARALLEL := -n auto

# How long `make fuzz` takes; its targets run one after the other, each as long.
SECONDS ?= 60
FUZZ_TARGETS := $(words $(wildcard rust_market/fuzz/tests/*.rs))

NO_RUST := Rust is not installed: get it from https://rustup.rs, then run make build-rust.
# The pipe of a make above does not reach cargo.
CARGO := env -u MAKEFLAGS -u MFLAGS cargo --quiet
LAB := $(PYTHON) -m jupyterlab --ServerApp.root_dir=. \
	--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb \
	--LabApp.app_settings_dir=notebooks/.lab \
	$(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)

# rustup puts cargo there, but only new shells know.
ifneq ($(OS),Windows_NT)
export PATH := $(value PATH):$(value HOME)/.cargo/bin
endif
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Where packages are collected that are to be published.
DIST ?= dist
DISTRIBUTION := $(call quote,$(value DIST))
# What `make test-dist` runs, with nothing but NumPy; what `make sanitize` runs with memory checked.
DIST_TESTS := tests/rust_market tests/backends/test_contract.py tests/backends/test_threads.py
SANITIZED_TESTS := tests/rust_market/test_borrowing.py tests/backends/test_arrays.py \
	tests/backends/test_bad_input.py
NIGHTLY := rustup component list --toolchain nightly --installed 2>/dev/null | grep -q miri || \
	rustup toolchain install nightly --profile minimal --component miri,rust-src
MSRV = $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' rust_market/Cargo.toml)
HOST := "$$(rustc -vV | sed -n 's/^host: //p')"
# What `cargo deny` checks; the database of advisories is fetched.
DENY := advisories bans licenses sources
# In the environment that `make test-dist` makes.
ifneq ($(OS),Windows_NT)
INSTALLED := build/installed/bin/python
else
INSTALLED := build/installed/Scripts/python.exe
endif

.DEFAULT_GOAL := help
.PHONY: help setup build build-rust build-rust-if-possible compile-numba lab run book app wheelhouse \
	sources wheel test-dist publish-crate typecheck audit fuzz sanitize msrv miri test test-all bench \
	bench-compare report picture lint lint-python lint-rust lint-workflows coverage lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

.venv/pyvenv.cfg:
	@for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Creating .venv with $$($$python --version)"; \
			$$python -m venv .venv && exit 0; \
			rm -rf .venv; \
			echo 'Creating .venv failed (Debian: apt-get install python3-venv).' >&2; exit 1; \
		fi; \
	done; \
	echo 'Python 3.11 or newer is needed: get it from https://www.python.org.' >&2; exit 1

setup: $(NEW_VENV) ## install what the workshop needs
	@if [ "$$(cat $(SETUP_STAMP) 2>/dev/null)" = $(SETUP_STATE) ]; then exit 0; fi; \
	$(PYTHON) -m pip install $(INSTALL) && \
	printf '%s\n' $(SETUP_STATE) > $(SETUP_STAMP)

build-rust: setup ## build the Rust extension (release) for the Python in use
	@command -v cargo >/dev/null || { echo '$(NO_RUST)' >&2; exit 1; }
	@if $(PYTHON) -m market_py.extension; then exit 0; fi; \
	$(MATURIN) $(PYTHON) -m maturin develop --release --manifest-path rust_market/Cargo.toml

build-rust-if-possible: setup
	@if command -v cargo >/dev/null; then $(MAKE) --no-print-directory build-rust; \
	else echo '$(NO_RUST) All the rest works without it.' >&2; fi

compile-numba: setup
	@$(PYTHON) -m market_py compile

# Both take a minute or two the first time, on one core each.
build: setup
	@+$(MAKE) --no-print-directory -j2 build-rust-if-possible compile-numba

lab: build ## open the workshop in JupyterLab
	$(LAB) $(LAB_OPTIONS)

run: build ## execute every notebook, a line each
	@$(PYTHON) -m market_py run

book: build ## make a static HTML book of the notebooks, executed
	@$(PYTHON) -m market_py book

app: build ## serve notebook 01 as a page, without its code
	@$(PYTHON) -m market_py app $(APP_OPTIONS)

wheelhouse: build-rust-if-possible ## collect wheels and crates, to set up without internet
	@mkdir -p $(COLLECTED) && cd $(COLLECTED) && rm -rf cargo crates *.whl
	$(PYTHON) -m pip wheel --quiet --wheel-dir $(COLLECTED) -r requirements.lock $(BACKEND)
	@command -v cargo >/dev/null || exit 0; into=$(COLLECTED); mkdir "$$into/cargo" && \
	cargo vendor --quiet --locked --manifest-path rust_market/Cargo.toml "$$into/crates" && \
	printf '%s\n' $(CRATES_CONFIG) > "$$into/cargo/config.toml" && \
	$(MATURIN) $(PYTHON) -m maturin build --quiet --release --manifest-path rust_market/Cargo.toml --out "$$into"
	@echo Take it along, with the repository: $(COLLECTED)

sources: setup ## make the source packages, and the wheel of market_py, in dist
	@$(PYTHON) -m hatchling build --directory $(DISTRIBUTION)
	@$(MATURIN) $(PYTHON) -m maturin sdist --manifest-path rust_market/Cargo.toml --out $(DISTRIBUTION)
	@$(CARGO) package --manifest-path rust_market/Cargo.toml --package merit-order $(CARGO_OPTIONS)

wheel: setup ## make a wheel of the extension for any Python from 3.11 on, in dist
	@$(MATURIN) $(PYTHON) -m maturin build --quiet --release --locked --features abi3 \
		--manifest-path rust_market/Cargo.toml --out $(DISTRIBUTION)

test-dist: $(NEW_VENV) ## install what dist holds into a new environment, and test it
	@rm -rf build/installed && $(PYTHON) -m venv build/installed
	@$(INSTALLED) -m pip install --quiet hypothesis 'numpy>=2' 'pytest<9.2' pytest-xdist
	@$(INSTALLED) -m pip install --quiet --no-index --find-links $(DISTRIBUTION) rust-market
	@$(INSTALLED) -c 'import rust_market'
	@$(INSTALLED) -m pytest $(PARALLEL) $(DIST_TESTS)

publish-crate: ## publish the crate merit-order (CARGO_OPTIONS=--dry-run tries it)
	@$(CARGO) publish --manifest-path rust_market/Cargo.toml --package merit-order $(CARGO_OPTIONS)

typecheck: setup ## check a typed program of a user with pyright, and install that
	@$(PYTHON) -m venv build/pyright
	@build/pyright/bin/python -m pip install --quiet basedpyright
	@build/pyright/bin/basedpyright --pythonpath $(PYTHON)

audit: $(NEW_VENV) ## look for known faults and forbidden licences of what the project uses
	@$(PYTHON) -m venv build/audit && build/audit/bin/python -m pip install --quiet pip-audit
	@build/audit/bin/python -m pip_audit --strict --no-deps --disable-pip --requirement requirements.lock
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	@$(CARGO) deny --manifest-path rust_market/Cargo.toml check $(DENY)

sanitize: setup ## test the extension with AddressSanitizer (needs Rust nightly)
	@$(NIGHTLY); RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=build/sanitized \
		CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true \
		RUSTUP_TOOLCHAIN=nightly $(MATURIN) $(PYTHON) -m maturin build --quiet --release \
		--manifest-path rust_market/Cargo.toml --target $(HOST) --out build/sanitized/wheels
	@rm -rf build/sanitized/site && $(PYTHON) -m pip install --quiet --no-deps \
		--target build/sanitized/site build/sanitized/wheels/*.whl
	@LD_PRELOAD="$$(cc -print-file-name=libasan.so)" PYTHONPATH=build/sanitized/site \
		ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
		$(PYTHON) -m pytest $(SANITIZED_TESTS)

msrv: ## check the core with the oldest Rust that it supports
	@rustup toolchain list | grep -q '^$(MSRV)-' || \
		rustup toolchain install $(MSRV) --profile minimal
	@RUSTUP_TOOLCHAIN=$(MSRV) $(CARGO) check --manifest-path rust_market/Cargo.toml --package merit-order

miri: ## run the tests of the core in Miri (needs Rust nightly)
	@$(NIGHTLY); RUSTUP_TOOLCHAIN=nightly $(CARGO) miri test --manifest-path rust_market/Cargo.toml \
		--package merit-order

test: build lint ## run the tests (five minutes on two cores)
	@$(PYTHON) -m pytest $(PARALLEL) $(PYTEST_OPTIONS)

test-all: build lint ## run the long tests too (45 minutes)
	@$(PYTHON) -m pytest -m "" --hypothesis-profile=long $(PARALLEL) $(PYTEST_OPTIONS)

fuzz: ## fuzz the Rust core for SECONDS (60)
	@command -v cargo >/dev/null || { echo 'Rust is not installed: get it from https://rustup.rs.' >&2; exit 1; }
	@cd rust_market/fuzz && BOLERO_RANDOM_TEST_TIME_MS=$$(($(SECONDS) * 1000 / $(FUZZ_TARGETS))) \
	$(CARGO) test --test '*' -- --nocapture

bench: build-rust-if-possible ## time the backends and the ladder (at most 15 minutes)
	@$(PYTHON) -m market_py bench $(BENCH_OPTIONS)

bench-compare: setup ## time this checkout against a commit: BASE=HEAD~1
	@$(PYTHON) -m market_py bench-compare $(call quote,$(BASE)) $(BENCH_OPTIONS)

report: setup ## write the tables of the documents from results/reference.json
	@$(PYTHON) -m market_py report

picture: setup ## make the animated picture of the README (needs Chromium)
	@$(PYTHON) -m market_py.workshop.publish.picture

lint: setup ## check style, types and imports between layers
	@+$(MAKE) --no-print-directory -j2 lint-python lint-rust lint-workflows

lint-python: setup
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m mypy
	@$(PYTHON) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-logo --no-cache

lint-rust:
	@command -v cargo >/dev/null || exit 0; cd rust_market && \
	if cargo fmt --version >/dev/null 2>&1; then $(CARGO) fmt --all --check; \
	else echo 'No rustfmt: the format of the Rust code is not checked.'; fi && \
	if cargo clippy --version >/dev/null 2>&1; then \
		$(CARGO) clippy --workspace --all-targets -- -D warnings; \
	else echo 'No clippy: the Rust code is not linted.'; fi && \
	$(CARGO) test --package merit-order

# actionlint is used where it is installed: its package on PyPI downloads it from GitHub.
lint-workflows: setup
	@"$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("scripts"))')/zizmor" \
		--offline --quiet .github
	@command -v actionlint >/dev/null || exit 0; actionlint

coverage: build ## report the Python lines that the tests reach, in build/coverage
	@$(PYTHON) -m pytest --cov --cov-report=term:skip-covered --cov-report=html:build/coverage \
		$(PARALLEL) $(PYTEST_OPTIONS)

lock: ## pin the versions again (needs uv)
	uv pip compile pyproject.toml --extra workshop --extra book --extra test --universal --python-version 3.11 --upgrade \
		--no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock

clean: ## delete what the other targets made, also .venv, but not the wheelhouse
	rm -rf .venv build rust_market/target rust_market/fuzz/target .hypothesis .mypy_cache .pytest_cache .coverage*
	find . \( -name __pycache__ -o -name .ipynb_checkpoints -o -name .ruff_cache \) -prune -exec rm -rf {} +
