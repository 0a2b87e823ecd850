#!/usr/bin/env bash
# fuzz.sh SECONDS: gives changed bytes to framers, readers and mapping, under the address sanitizer, for so long; 0 gives
# only what is kept in Tests/Fuzz/corpus. Inputs that led somewhere new are kept under .build/fuzz; one that breaks
# something is written there as broken-…, and belongs in the corpus once it is mended.
set -euo pipefail
seconds=$1
cd "$(dirname "$0")/../.."

# The sanitizers are named in one option, because the last one wins. gold cannot link them.
MILLRACE_FUZZ=1 swift build --scratch-path .build/fuzz -c release --product Fuzz \
  -Xswiftc -enable-testing -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld

export ASAN_OPTIONS=detect_leaks=0 SWIFT_BACKTRACE=enable=no
limits=(-timeout=10 -rss_limit_mb=4096 -max_len=4096 -artifact_prefix=.build/fuzz/broken- -print_final_stats=1)
if [ "$seconds" -eq 0 ]; then
  .build/fuzz/release/Fuzz "${limits[@]}" Tests/Fuzz/corpus/*
else
  mkdir -p .build/fuzz/corpus
  .build/fuzz/release/Fuzz "${limits[@]}" -max_total_time="$seconds" .build/fuzz/corpus Tests/Fuzz/corpus
fi
