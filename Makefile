# Entry points. `make` builds; `make help` lists the rest. CMake does the work: see CMakePresets.json.
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
TIERS ?= default asan tsan
# PACKAGES=present skips the check for Debian packages, for systems that have them under other names.
PACKAGES ?= install

.DEFAULT_GOAL := build
.PHONY: help packages build test test-long demo demo-runtime bench lint format install clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  JOBS=$(JOBS) PREFIX=$(PREFIX) TIERS=\"$(TIERS)\" PACKAGES=$(PACKAGES)"

packages: ## install the Debian packages of scripts/packages.txt that are missing
ifneq ($(PACKAGES),present)
	@scripts/install-packages
endif

build: packages ## (default) build everything into build/
	scripts/build default --jobs $(JOBS)

test: packages ## build and test: TIERS of scripts/test; TIERS=default for the plain build's tests alone
	scripts/test --jobs $(JOBS) $(TIERS)

test-long: build ## what `make test` leaves out: tests labelled long, the clang build, every test under AddressSanitizer, clang-tidy
	ctest --preset long --parallel $(JOBS)
	scripts/test --jobs $(JOBS) clang asan-all lint

demo: demo-runtime ## run the demonstration

demo-runtime: packages ## paged attention on a simulated device, compared with a double-precision reference
	scripts/build default --jobs $(JOBS) --target demo-paged-attention
	build/bin/demo-paged-attention

bench: build ## run every benchmark beside its competitors; results in build/bench/*.json; BENCH_ARGS=--quick
	@set -e; for program in build/bin/tw-bench-*; do \
	  case "$${program#build/bin/tw-bench-}" in \
	    *-*) ;; \
	    *) echo "== $$program $(BENCH_ARGS)"; "$$program" $(BENCH_ARGS) ;; \
	  esac; \
	done

lint: packages ## clang-format, clang-tidy
	scripts/build default --configure
	scripts/lint --jobs $(JOBS)

format: packages ## rewrite the sources as clang-format wants them
	scripts/lint --fix-format

install: build ## install under PREFIX
	cmake --install build --prefix "$(PREFIX)"

clean: ## remove every build directory
	rm -rf build build-debug build-clang build-asan build-tsan
