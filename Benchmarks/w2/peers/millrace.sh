#!/bin/sh
# Millrace itself: pipelines are read, planned and run as a user runs them.
set -eu
binary=${MILLRACE_BINARY:?names the millrace binary}
if [ "$1" = --about ]; then
  version=$("$binary" --version) || exit 1
  exec printf '{"title": "Millrace", "version": "%s"}\n' "${version#millrace }"
fi
form=${1%-*}
export INPUT="$2.$form" MILLRACE_STATE="$SCRATCH/state"
sed "s/mode: upsert/mode: ${1#*-}/" "$(dirname "$0")/../goods-$form.yaml" >"$SCRATCH/goods.yaml"
exec "$binary" run --once --quiet "$SCRATCH/goods.yaml"
