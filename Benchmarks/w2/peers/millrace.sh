#!/bin/sh
# Millrace itself: pipelines are read, planned and run as a user runs them.
. "$(dirname "$0")/../../harness/millrace.sh"
form=${1%-*}
export INPUT="$2.$form" MILLRACE_STATE="$SCRATCH/state"
[ "$form" = ndjson ] || format='s/format: ndjson/format: csv, csv: {null: ""}/'
sed "s/mode: upsert/mode: ${1#*-}/; ${format:-}" "$(dirname "$0")/../goods.yaml" >"$SCRATCH/goods.yaml"
exec "$binary" run --once --quiet "$SCRATCH/goods.yaml"
