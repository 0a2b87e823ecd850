#!/bin/sh
# Millrace itself: pipelines are read, planned and run as a user runs them.
. "$(dirname "$0")/../../harness/millrace.sh"
export W1_INPUT="$1" W1_OUTPUT="$2"
MILLRACE_STATE="$(dirname "$2")/state"
export MILLRACE_STATE
exec "$binary" run --once "$(dirname "$0")/../products.yaml"
