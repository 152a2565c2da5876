# SPDX-License-Identifier: Apache-2.0
# `make demo` and `make test` are all that a newcomer needs; `make help` lists the rest.
# SWIFT_OPTIONS goes to every build, for example: make test SWIFT_OPTIONS='-j 1'

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
SWIFT_OPTIONS ?=
export SWIFT_OPTIONS

C_TESTS := Tests/COrderedProducerTests/run.sh
.PHONY: help setup demo serve serve-test serve-load serve-browser test check docs clean
.PHONY: schedules programs mutants models fuzz soak faults litmus check-abi test-aarch64 test-valgrind
.PHONY: bench bench-setup bench-smoke bench-machine bench-test bench-plot bench-gzip bench-nio bench-malloc bench-publish
.DEFAULT_GOAL := help

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## install the Debian packages that are missing
	@Scripts/setup

demo: setup ## compress a real file in parallel, verify it, print the figures (FILE=… for another file)
	@Examples/demo.sh $(if $(FILE),"$$(realpath -- "$(FILE)")")

# A build folder of its own: without the trait much is built differently.
SERVER_PACKAGE := --package-path Examples --scratch-path Examples/.build/server --traits Server
serve: setup ## the Mandelbrot set on http://127.0.0.1:8080/, as it is computed (HOST=… PORT=…)
	@swift run $(SERVER_PACKAGE) -c release $(SWIFT_OPTIONS) mandelbrot-server \
	    $(if $(HOST),--host "$(HOST)") $(if $(PORT),--port "$(PORT)")

serve-test: setup ## the tests of the server: its first build takes minutes
	@swift test $(SERVER_PACKAGE) --filter mandelbrot_serverTests $(SWIFT_OPTIONS)

serve-load: setup ## the server under wrk, with and without clients that vanish (SECONDS=10; installs wrk)
	@Examples/load.sh $(if $(filter command line,$(origin SECONDS)),$(SECONDS),10)

serve-browser: setup ## the page in headless Chromium: click, wheel, keys, screenshots (installs chromium, playwright)
	@Examples/browser.sh

test: setup ## all tests
	@Scripts/in-turn \
	    'C core' '$(C_TESTS)' \
	    'schedules' 'Tests/Schedules/run --bound 1 --random 200 --seconds 10' \
	    'random programs' 'Tests/Schedules/run --programs 600 SEED=1' \
	    'examples in the README' 'Scripts/test-readme' \
	    'example programs' 'swift test --package-path Examples $(SWIFT_OPTIONS)' \
	    'server' 'swift test $(SERVER_PACKAGE) --filter mandelbrot_serverTests $(SWIFT_OPTIONS)' \
	    'library and integrations' 'swift test --enable-all-traits $(SWIFT_OPTIONS)'

# In two parts: all at once, a thousand connections starve the others of two processors until their time is over.
THREAD_SANITIZER := swift test --sanitize=thread --enable-all-traits --scratch-path .build/thread $(SWIFT_OPTIONS)
SERVER_THREAD_SANITIZER := swift test --sanitize=thread --package-path Examples --traits Server \
    --scratch-path Examples/.build/server-thread --filter mandelbrot_serverTests $(SWIFT_OPTIONS)
check: setup ## all tests under sanitizers, both C compilers, formatting, documentation: takes a while
	@Scripts/in-turn \
	    'formatting' 'Scripts/check-format' \
	    'C core, gcc and clang, sanitizers' '$(C_TESTS) --sanitizers' \
	    'faults' 'Tests/Faults/run' \
	    'faults, AddressSanitizer' 'Tests/Faults/run --address' \
	    'schedules, AddressSanitizer' \
	    'SANITIZE=address,undefined BUILD_DIR=$(CURDIR)/.build/schedules-address Tests/Schedules/run --bound 1 --random 20 --seconds 4' \
	    'random programs, AddressSanitizer' \
	    'SANITIZE=address,undefined BUILD_DIR=$(CURDIR)/.build/schedules-address Tests/Schedules/run --programs --seconds 60' \
	    'random programs on real threads, ThreadSanitizer' \
	    'SANITIZE=thread BUILD_DIR=$(CURDIR)/.build/schedules-thread Tests/Schedules/run --programs --free --seconds 60' \
	    'interface' 'Scripts/check-abi' \
	    'mutants, the tool itself' 'Tests/Mutants/run --self-test' \
	    'library, ThreadSanitizer' '$(THREAD_SANITIZER) --filter "^OrderedProducerTests\\."' \
	    'integrations, ThreadSanitizer' '$(THREAD_SANITIZER) --filter "^OrderedProducer(NIO|Services|Observability)Tests\\."' \
	    'library, AddressSanitizer' \
	    'swift test --sanitize=address --disable-xctest --enable-all-traits --scratch-path .build/address $(SWIFT_OPTIONS)' \
	    'server, ThreadSanitizer' '$(SERVER_THREAD_SANITIZER)' \
	    'harness of the benchmark' 'swift test --package-path Benchmarks $(SWIFT_OPTIONS)' \
	    'documentation' 'Scripts/docs'

schedules: setup ## short programs under many schedules of their threads, and that broken cores are found out (ARGS=…)
	@Tests/Schedules/run $(ARGS)
	@Tests/Schedules/run --broken --bound 1 --random 500 --seconds 5

mutants: setup ## change the sources in one place at a time: do the tests find it? (SEED=… COUNT=150 MODULE=core|swift ARGS=…)
	@Tests/Mutants/run $(foreach name,SEED COUNT MODULE JOBS STAGES,$(if $($(name)),$(name)=$($(name)))) $(ARGS)

# SECONDS is a variable of bash, so only make's own command line counts.
programs: setup ## random programs over the C API, the core's invariants checked whenever all threads sleep, for SECONDS=600; ARGS=--free: on real threads
	@Tests/Schedules/run --programs --seconds $(if $(filter command line,$(origin SECONDS)),$(SECONDS),600) $(if $(SEED),SEED=$(SEED)) $(ARGS)

SECONDS_OF_FUZZING = $(if $(filter command line,$(origin SECONDS)),$(SECONDS),60)
fuzz: setup ## fuzz the C API and ordered-gzip, each for SECONDS=60
	@Tests/Fuzz/run $(SECONDS_OF_FUZZING) $(if $(SEED),SEED=$(SEED))

soak: setup ## productions of every kind with random endings for MINUTES=10, every item accounted for; then random programs
	@Tests/Soak/run $(or $(MINUTES),10) $(if $(SEED),SEED=$(SEED))

faults: setup ## whatever the core asks of the system is refused once; signals, fork, little room
	@Tests/Faults/run $(ARGS)

litmus: ## the memory orders of the protocols, checked by herd7
	@Tests/Litmus/run

check-abi: setup ## exported symbols, layouts of structs and the Swift interface against Tests/ABI
	@Scripts/check-abi

test-aarch64: ## the C core built for aarch64, its tests under qemu
	@Scripts/test-aarch64

test-valgrind: setup ## the C tests under memcheck and helgrind: long
	@Scripts/test-valgrind

models: ## models of the core's protocols, and broken variants of them, checked by spin
	@Tests/Models/run

bench: setup ## this library and its peers, interleaved: tables, plots, JSON; some 20 minutes (ARGS=…)
	@Scripts/bench $(ARGS)

bench-setup: ## install what the benchmark's peers and plots need of Debian's packages
	@Scripts/bench-setup

bench-smoke: setup ## that every subject of the benchmark works, in seconds; the figures mean nothing
	@Scripts/bench --smoke $(ARGS)

bench-machine: ## what this machine charges for what hand-overs are made of: fences, cache lines, wakes, allocations
	@swift run --package-path Benchmarks -c release $(SWIFT_OPTIONS) machine-costs

bench-test: ## the tests of the benchmark's harness itself
	@swift test --package-path Benchmarks $(SWIFT_OPTIONS)

bench-plot: ## draw the plots of the last benchmark again
	@Scripts/bench-plot Benchmarks/results/bench.json Benchmarks/results/plots

bench-gzip: setup ## ordered-gzip beside pigz and gzip: table, JSON
	@Scripts/bench-gzip

bench-nio: setup ## OrderedProducerNIO beside SwiftNIO alone: rates, delays, memory, fairness (ARGS=--smoke: that it works)
	@Scripts/bench-nio $(ARGS)

bench-malloc: setup ## produceItem's closures under other allocators than glibc's: table
	@Scripts/bench-malloc

bench-publish: ## copy the plots that README and docs show from the last benchmark to docs/plots
	@Scripts/bench-publish

docs: setup ## the documentation, warnings being errors, as static pages in .build/docs
	@Scripts/docs

clean: ## remove everything that was built
	rm -rf .build Benchmarks/.build Examples/.build
