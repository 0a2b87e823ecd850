#!/bin/sh
# Millrace itself: the pipeline is read, planned and run as a user runs it.
set -eu
binary=${MILLRACE_BINARY:?names the millrace binary}
if [ "$1" = --about ]; then
  version=$("$binary" --version) || exit 1
  exec printf '{"title": "Millrace", "version": "%s", "variants": ["postgres", "file"]}\n' "${version#millrace }"
fi
export MILLRACE_STATE="$SCRATCH/state"
exec "$binary" run --quiet "$(dirname "$0")/../goods-$1.yaml"
