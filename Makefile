# Planaria: the front door.  'make help' lists what there is.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
JOBS    ?= $(shell nproc)
DEMO    ?= $(BUILD)/demo

.PHONY: help deps build demo check quick counts asan tsan fuzz coverage bench reproduce docs install clean format

help:            ## this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

deps:            ## install what the build and the tests need (Debian, apt)
	tools/deps.sh check

build:           ## build the library and the command
	tools/deps.sh build
	cmake --preset release -B $(BUILD)/release -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	cmake --build $(BUILD)/release -j $(JOBS)

demo: build      ## learn Fashion-MNIST without labels, and show the result
	$(BUILD)/release/planaria train planaria/fashion-demo --out $(DEMO) --force
	@echo "What the first layer has learned: $(DEMO)/fields.png"

check:           ## install, build, and run all tests: what CI runs
	tools/deps.sh check
	python3 tools/test_check_layers.py
	python3 tools/check_theory.py
	python3 tools/test_check_theory.py
	python3 tools/test_reproduce.py
	python3 tools/test_same_bits.py
	python3 tools/test_instructions.py
	python3 bench/test_busy.py
	cmake --preset check -B $(BUILD)/check
	cmake --build $(BUILD)/check -j $(JOBS)
	python3 tools/check_layers.py --build $(BUILD)/check
	ctest --test-dir $(BUILD)/check --output-on-failure
	$(MAKE) counts
	$(MAKE) asan

quick:           ## build and test without installing anything
	python3 tools/check_theory.py
	cmake --preset check -B $(BUILD)/check
	cmake --build $(BUILD)/check -j $(JOBS)
	python3 tools/check_layers.py --build $(BUILD)/check
	ctest --test-dir $(BUILD)/check --output-on-failure -LE slow

counts:          ## instructions of training steps against the committed counts
	cmake --preset release -B $(BUILD)/counts -DPLN_WERROR=ON -DPLN_BENCH=OFF
	cmake --build $(BUILD)/counts -j $(JOBS) --target planaria_command
	python3 tools/instructions.py $(BUILD)/counts/planaria

asan:            ## tests under address and undefined-behaviour sanitizers
	cmake --preset asan -B $(BUILD)/asan
	cmake --build $(BUILD)/asan -j $(JOBS)
	ctest --test-dir $(BUILD)/asan --output-on-failure -LE slow

tsan:            ## tests of threads under the thread sanitizer
	cmake --preset tsan -B $(BUILD)/tsan
	cmake --build $(BUILD)/tsan -j $(JOBS)
	ctest --test-dir $(BUILD)/tsan --output-on-failure -L threads

fuzz:            ## fuzz each reader for FUZZ_SECONDS (needs clang)
	tools/deps.sh fuzz
	cmake --preset fuzz -B $(BUILD)/fuzz
	cmake --build $(BUILD)/fuzz -j $(JOBS)
	tools/fuzz.sh $(BUILD)/fuzz $(or $(FUZZ_SECONDS),60)

coverage:        ## line coverage of src/; fails below 90 %
	tools/deps.sh coverage
	cmake --preset coverage -B $(BUILD)/coverage
	cmake --build $(BUILD)/coverage -j $(JOBS)
	ctest --test-dir $(BUILD)/coverage --output-on-failure
	gcovr -r . --object-directory $(BUILD)/coverage --filter src/ --fail-under-line 90 --print-summary

bench: build     ## speed against PyTorch in one run (needs MNIST), and the kernels alone
	test -x $(BUILD)/torch/bin/python || python3 -m venv $(BUILD)/torch
	$(BUILD)/torch/bin/python -c 'import torch, spikingjelly' 2>/dev/null || $(BUILD)/torch/bin/pip install -q torch==2.13.0 spikingjelly
	python3 bench/speed.py --command $(BUILD)/release/planaria --python $(BUILD)/torch/bin/python
	OPENBLAS_NUM_THREADS=1 $(BUILD)/release/bench_kernels
	OPENBLAS_NUM_THREADS=1 $(BUILD)/release/bench_conv

reproduce: build ## the published rows over seeds; picks up where it was
	python3 tools/reproduce.py --command $(BUILD)/release/planaria $(ROWS)

docs:            ## the API reference and the pages of docs/, in build/docs/html
	tools/deps.sh docs
	cmake -E make_directory $(BUILD)/docs
	DOCS_OUTPUT=$(BUILD)/docs doxygen tools/Doxyfile

install:         ## build and install below PREFIX (and DESTDIR)
	tools/deps.sh build
	cmake --preset release -B $(BUILD)/release -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	cmake --build $(BUILD)/release -j $(JOBS)
	cmake --install $(BUILD)/release --prefix $(PREFIX)

format:          ## rewrite our sources by clang-format
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:           ## remove what was built
	rm -rf $(BUILD)
