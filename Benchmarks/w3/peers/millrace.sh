#!/bin/sh
# Millrace itself: pipelines are read, planned and run as a user runs them.
. "$(dirname "$0")/../../harness/millrace.sh"
export MILLRACE_STATE="$SCRATCH/state"
sed "s/mode: upsert/mode: $1/" "$(dirname "$0")/../goods.yaml" >"$SCRATCH/goods.yaml"
exec "$binary" run --once --quiet "$SCRATCH/goods.yaml"
