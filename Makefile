# One line of help a target: the text after its `##`.
.DEFAULT_GOAL := help
.PHONY: help deps build quickstart test lint check-arrows install uninstall bench bench-quick clean

PREFIX ?= /usr/local
DESTDIR ?=
CONFIG := release
BINARY := .build/$(CONFIG)/xling
SHARE := $(DESTDIR)$(PREFIX)/share/xling
# What `xling` reads at run time, beside its binary: ../share/xling/.
ASSETS := languages methods datasets prompts tokenizers towers studies
# OpenBLAS takes SSE3 kernels on processors newer than itself. `xling` mends that as it starts
# (BLASKernels.swift); `swift test` has to be told.
ifndef OPENBLAS_CORETYPE
KERNELS := $(shell grep -qw avx512vl /proc/cpuinfo && echo env OPENBLAS_CORETYPE=SkylakeX)
endif
SWIFT_SOURCES := Package.swift Sources Tests

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

deps: ## install the Debian packages that are missing
	@scripts/install-dependencies.sh

build: deps ## the release binary, .build/release/xling
	swift build -c $(CONFIG) --product xling

quickstart: build ## build, then the whole way once: data, five methods, table, HTML report (under 5 minutes)
	$(BINARY) quickstart

test: deps lint check-arrows ## lint, check the arrows, build once, run all tests
	swift build -c $(CONFIG) --build-tests -Xswiftc -enable-testing
	XLING_CACHE="$(CURDIR)/.build/test-cache" $(KERNELS) swift test -c $(CONFIG) --skip-build --disable-xctest -Xswiftc -enable-testing

lint: ## swift format, strictly
	swift format lint --strict --recursive --parallel --configuration .swift-format \
	  $(SWIFT_SOURCES)

check-arrows: ## imports and dependencies are those of docs/ARCHITECTURE.md; no circle between folders
	@scripts/folder_circles.py --self-check
	@scripts/check-arrows
	@scripts/check-sources
	@scripts/real-towers --self-check

install: build ## binary and assets under PREFIX (default /usr/local)
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(SHARE)"
	install -m 755 $(BINARY) "$(DESTDIR)$(PREFIX)/bin/xling"
	for folder in $(ASSETS); do \
	  rm -rf "$(SHARE)/$$folder" && cp -R "$$folder" "$(SHARE)/$$folder" || exit 1; \
	done
	rm -rf "$(SHARE)/scripts"
	install -d "$(SHARE)/scripts/real_towers_lib"
	install -m 755 scripts/real-towers "$(SHARE)/scripts/real-towers"
	install -m 644 scripts/real_towers_lib/*.py "$(SHARE)/scripts/real_towers_lib"

uninstall: ## remove what install put there
	rm -f "$(DESTDIR)$(PREFIX)/bin/xling"
	rm -rf "$(SHARE)"

bench-quick: build ## time the hot paths beside their peers, in under three minutes
	benchmarks/bench.py --quick

bench: build ## all that is timed beside its peers, in about half an hour
	benchmarks/bench.py

clean: ## remove what was built (not data, not runs)
	rm -rf .build benchmarks/.venv
