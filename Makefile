# Planaria: the front door.  'make help' lists what there is.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
JOBS    ?= $(shell nproc)
DEMO    ?= $(BUILD)/demo

# What `make check` runs one after the other: STAGES="gcc asan" runs two of them.
STAGES  ?= lint gcc check-python counts asan clang tsan shared arm64 tidy

.PHONY: help deps build demo check quick lint gcc counts asan clang tsan shared arm64 arm64-tests tidy fuzz coverage bench \
        check-python check-python-peers wheel reproduce docs install deb archive same-build clean format

help:            ## this list
	@grep -E '^[a-z0-9-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

deps:            ## install what the build and the tests need (Debian, apt)
	tools/deps.sh check
	-tools/deps.sh edge

build:           ## build the library and the command
	tools/deps.sh build
	cmake --preset release -B $(BUILD)/release -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	cmake --build $(BUILD)/release -j $(JOBS)

demo: build      ## learn Fashion-MNIST with one label in a hundred, and show the result
	$(BUILD)/release/planaria train planaria/fashion-few-labels --out $(DEMO) --force
	@$(BUILD)/release/planaria eval $(DEMO) --surest 12 >$(DEMO)/surest.txt
	$(BUILD)/release/planaria report $(DEMO) -o $(DEMO)/report.html
	@echo "What it takes for T-shirts, trousers, pullovers and so on: $(DEMO)/surest.png"

check:           ## install what is missing, then each stage from lint to tidy: what CI runs
	tools/deps.sh check
	-tools/deps.sh edge
	@times=; \
	for stage in $(STAGES); do \
	    echo "==== $$stage"; \
	    start=$$(date +%s); \
	    $(MAKE) --no-print-directory $$stage || exit 1; \
	    times="$$times$$(printf '%-8s %5d s' $$stage $$(($$(date +%s) - start)))\n"; \
	done; \
	printf "==== all is well\n$$times"

quick:           ## build and test without installing anything
	python3 tools/check_theory.py
	cmake --preset check -B $(BUILD)/check
	cmake --build $(BUILD)/check -j $(JOBS)
	ctest --test-dir $(BUILD)/check -j $(JOBS) --output-on-failure -LE slow

lint:            ## text: cited sections, shell scripts, and the tests of tools
	python3 tools/check_theory.py
	shellcheck $$(find . -name '*.sh' -not -path './$(BUILD)/*') .ci/run
	for test in tools/test_*.py bench/test_*.py; do python3 $$test || exit 1; done

gcc:             ## all tests by gcc, warnings as errors
	cmake --preset check -B $(BUILD)/check
	cmake --build $(BUILD)/check -j $(JOBS)
	ctest --test-dir $(BUILD)/check -j $(JOBS) --output-on-failure

counts:          ## instructions of training steps against the committed counts
	cmake --preset release -B $(BUILD)/counts -DPLN_WERROR=ON -DPLN_BENCH=OFF
	cmake --build $(BUILD)/counts -j $(JOBS) --target planaria_command
	python3 tools/instructions.py $(BUILD)/counts/planaria

asan:            ## tests under address and undefined-behaviour sanitizers
	cmake --preset asan -B $(BUILD)/asan
	cmake --build $(BUILD)/asan -j $(JOBS)
	ctest --test-dir $(BUILD)/asan -j $(JOBS) --output-on-failure -LE slow

clang:           ## tests by clang, warnings as errors
	cmake --preset clang -B $(BUILD)/clang
	cmake --build $(BUILD)/clang -j $(JOBS)
	ctest --test-dir $(BUILD)/clang -j $(JOBS) --output-on-failure -LE slow

tsan:            ## tests of threads under the thread sanitizer
	cmake --preset tsan -B $(BUILD)/tsan
	cmake --build $(BUILD)/tsan -j $(JOBS)
	ctest --test-dir $(BUILD)/tsan -j $(JOBS) --output-on-failure -L threads

shared:          ## command, examples and package with a shared library; what it exports
	cmake --preset shared -B $(BUILD)/shared
	cmake --build $(BUILD)/shared -j $(JOBS)
	ctest --test-dir $(BUILD)/shared -j $(JOBS) --output-on-failure -R '^(symbols|install|example_.*|cli_help|cli_show)$$'

arm64:           ## kernels and layers for arm64 under qemu; skipped where packages are missing
	@if tools/deps.sh arm64; then \
	    $(MAKE) --no-print-directory arm64-tests; \
	else \
	    echo "arm64: skipped, since its compiler, qemu or libraries are not to be had here"; \
	fi

arm64-tests:
	cmake --preset arm64 -B $(BUILD)/arm64
	cmake --build $(BUILD)/arm64 -j $(JOBS)
	PLN_TEST_EVERY=8 ctest --test-dir $(BUILD)/arm64 -j $(JOBS) --output-on-failure -L '^(kernel|conform)$$'

tidy:            ## clang-tidy over src/ and cli/; .clang-tidy says what it looks for
	cmake --preset clang -B $(BUILD)/clang
	find src cli -name '*.c' | sort | xargs -P $(JOBS) -n 4 clang-tidy -p $(BUILD)/clang --quiet

# The module is linked with the library of build/check; `make wheel` builds it as pip does.
check-python:    ## the Python package: types checked by mypy, tests by pytest, in build/python-env
	tools/deps.sh python
	test -x $(BUILD)/python-env/bin/python || python3 -m venv $(BUILD)/python-env
	$(BUILD)/python-env/bin/pip install -q --no-compile -r bindings/python/tests/requirements.txt
	cmake --preset check -B $(BUILD)/check -DPLN_PYTHON_MODULE=ON -DPython_EXECUTABLE=$(abspath $(BUILD))/python-env/bin/python
	cmake --build $(BUILD)/check -j $(JOBS) --target pln_python planaria_command
	cmake --install $(BUILD)/check --component python --prefix $(BUILD)/python-package
	cmake -B $(BUILD)/check -DPLN_PYTHON_MODULE=OFF
	cp bindings/python/planaria/*.py* bindings/python/planaria/py.typed $(BUILD)/python-package/planaria
	$(BUILD)/python-env/bin/mypy
	PYTHONPATH=$(BUILD)/python-package PLANARIA=$(BUILD)/check/planaria $(BUILD)/python-env/bin/python -m pytest -q

check-python-peers: ## against snnTorch, SpikingJelly, norse, Rockpool, sinabs, PyTorch, Dask and the oldest scikit-learn
	tools/deps.sh python
	test -x $(BUILD)/peers-env/bin/python || python3 -m venv $(BUILD)/peers-env
	test -x $(BUILD)/sinabs-env/bin/python || python3 -m venv $(BUILD)/sinabs-env
	$(BUILD)/peers-env/bin/pip install -q -r bindings/python/tests/requirements.txt \
	    -r bindings/python/peers/requirements.txt
	$(BUILD)/sinabs-env/bin/pip install -q -r bindings/python/peers/requirements-sinabs.txt
	test -x $(BUILD)/oldest-env/bin/python || python3 -m venv $(BUILD)/oldest-env
	$(BUILD)/oldest-env/bin/pip install -q -r bindings/python/peers/requirements-oldest.txt
	for env in peers oldest; do $(BUILD)/$$env-env/bin/pip install -q --no-deps . || exit 1; done
	$(BUILD)/oldest-env/bin/pytest -q bindings/python/tests/test_estimators.py
	PLN_SINABS_PYTHON=$(BUILD)/sinabs-env/bin/python $(BUILD)/peers-env/bin/pytest -q bindings/python/peers bindings/python/tests/test_notebooks.py

wheel:           ## the Python package as it is published, in build/wheel/dist, tried out in clean environments
	tools/deps.sh python
	tools/wheel.sh $(BUILD)/wheel

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
	$(BUILD)/torch/bin/python -c 'import torch, spikingjelly' 2>/dev/null || \
	    $(BUILD)/torch/bin/pip install -q torch==2.13.0 spikingjelly
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

deb:             ## Debian packages, in build/deb; lintian finds no errors in them
	tools/deps.sh deb
	tools/deb.sh $(BUILD)/deb
	lintian --fail-on error --allow-root $(BUILD)/deb/*.changes

archive: build   ## archives of the program and of its sources, in build/release
	cd $(BUILD)/release && cpack && cpack --config CPackSourceConfig.cmake

same-build:      ## build in two folders and compare each byte that is installed
	tools/deps.sh build
	tools/same_build.sh

format:          ## rewrite our sources by clang-format
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:           ## remove what was built
	rm -rf $(BUILD)
