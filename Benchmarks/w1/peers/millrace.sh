#!/bin/sh
# Millrace itself: pipelines are read, planned and run as a user runs them.
set -eu
binary=${MILLRACE_BINARY:?names the millrace binary}
if [ "$1" = --about ]; then
  version=$("$binary" --version) || exit 1
  exec printf '{"title": "Millrace", "version": "%s", "ordered": true}\n' "${version#millrace }"
fi
export W1_INPUT="$1" W1_OUTPUT="$2"
MILLRACE_STATE="$(dirname "$2")/state"
export MILLRACE_STATE
exec "$binary" run --once "$(dirname "$0")/../products.yaml"
