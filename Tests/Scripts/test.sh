#!/usr/bin/env bash
# Everything that must hold before a change goes in.
set -euo pipefail
cd "$(dirname "$0")/../.."

echo "== the benchmarks' comparer"
(cd Benchmarks && python3 -m unittest discover --start-directory . --pattern 'test_*.py')

echo "== build"
swift build --build-tests

echo "== Swift tests"
swift test --skip-build

echo "== the examples in the pipelines"
.build/debug/millrace test pipelines

echo "== pipelines and documents, through the program"
Tests/Scripts/documents.py .build/debug/millrace

echo "== dead letters, worked through"
Tests/Scripts/dead-letters.py .build/debug/millrace

echo "== webhooks, through the program and real sockets"
Tests/Scripts/webhook.py .build/debug/millrace

echo "== from Directus to a shop, with all that goes wrong in between"
Tests/Scripts/directus-to-shop.py .build/debug/millrace

echo "== what fuzzing found, under the address sanitizer"
Tests/Scripts/fuzz.sh 0
