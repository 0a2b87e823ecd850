#!/bin/sh
# Millrace itself, with expressions in place of mapping objects.
set -eu
binary=${MILLRACE_BINARY:?names the millrace binary}
if [ "$1" = --about ]; then
  version=$("$binary" --version) || exit 1
  exec printf '{"title": "Millrace, with expressions", "version": "%s", "ordered": true}\n' "${version#millrace }"
fi
export W1_INPUT="$1" W1_OUTPUT="$2"
MILLRACE_STATE="$(dirname "$2")/state"
export MILLRACE_STATE
exec "$binary" run --once "$(dirname "$0")/../products-expressions.yaml"
