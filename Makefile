# What this needs beside a Swift toolchain (6.2 or newer) is installed where it is missing: Debian packages, with sudo.

BUILD_PACKAGES = libyaml-dev zlib1g-dev libzstd-dev libre2-dev libedit-dev libpq-dev libssl-dev libnghttp2-dev \
  libcurl4-openssl-dev pkg-config
# Static, and without symbols: it starts faster and is a third smaller. For a profile: swift build -c release.
RELEASE = swift build -c release --static-swift-stdlib -Xlinker -s --product millrace
MILLRACE = .build/release/millrace
# How long `make fuzz` looks for trouble, in seconds.
SECONDS_OF_FUZZING ?= 300
# Options of Benchmarks/bench.py, as in: make bench BENCH="w1 --runs 3"
BENCH ?=

.PHONY: build demo test bench format lint fuzz clean packages

build: packages
	$(RELEASE)

demo: build
	Tests/Scripts/packages.sh python3
	Tests/Scripts/demo.sh $(MILLRACE)

test: packages
	Tests/Scripts/packages.sh python3 postgresql curl openssl
	Tests/Scripts/test.sh

bench: build
	Tests/Scripts/packages.sh python3 python3-venv jq wrk nginx-light postgresql
	Benchmarks/install-peers.sh
	Benchmarks/bench.py $(BENCH)

format:
	swift format --in-place --recursive Package.swift Sources Tests

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

fuzz: packages
	Tests/Scripts/fuzz.sh $(SECONDS_OF_FUZZING)

clean:
	rm -rf .build .millrace pipelines/out/*.ndjson pipelines/out/*.gz

packages:
	Tests/Scripts/packages.sh $(BUILD_PACKAGES)
