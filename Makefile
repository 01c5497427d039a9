# Planaria: the front door.  'make help' lists what there is.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
JOBS    ?= $(shell nproc)
DEMO    ?= $(BUILD)/demo

.PHONY: help deps build demo check quick asan tsan fuzz coverage bench reproduce docs install clean format

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
	python3 tools/check_layers.py
	python3 tools/test_check_layers.py
	cmake --preset check -B $(BUILD)/check
	cmake --build $(BUILD)/check -j $(JOBS)
	ctest --test-dir $(BUILD)/check --output-on-failure
	$(MAKE) asan

quick:           ## build and test without installing anything
	cmake --preset check -B $(BUILD)/check
	cmake --build $(BUILD)/check -j $(JOBS)
	ctest --test-dir $(BUILD)/check --output-on-failure -LE slow

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

bench: build     ## speed against PyTorch in one run, and the kernels alone
	python3 bench/speed.py --command $(BUILD)/release/planaria --build $(BUILD)
	OPENBLAS_NUM_THREADS=1 $(BUILD)/release/bench_kernels

reproduce: build ## the published rows over seeds; picks up where it was
	python3 tools/reproduce.py --command $(BUILD)/release/planaria $(ROWS)

docs:            ## the API reference by Doxygen, in build/docs
	tools/deps.sh docs
	cmake -E make_directory $(BUILD)/docs
	( echo 'PROJECT_NAME=Planaria'; echo 'INPUT=include README.md docs'; echo 'RECURSIVE=YES'; \
	  echo 'OPTIMIZE_OUTPUT_FOR_C=YES'; echo 'EXTRACT_ALL=YES'; echo 'QUIET=YES'; \
	  echo 'GENERATE_LATEX=NO'; echo 'OUTPUT_DIRECTORY=$(BUILD)/docs' ) | doxygen -

install: build   ## install below PREFIX (and DESTDIR)
	cmake --install $(BUILD)/release --prefix $(PREFIX)

format:          ## rewrite our sources by clang-format
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:           ## remove what was built
	rm -rf $(BUILD)
