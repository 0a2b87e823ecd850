#!/bin/sh
# Millrace itself, with expressions in place of mapping objects.
title="Millrace, with expressions"
. "$(dirname "$0")/../../harness/millrace.sh"
export W1_INPUT="$1" W1_OUTPUT="$2"
MILLRACE_STATE="$(dirname "$2")/state"
export MILLRACE_STATE
exec "$binary" run --once "$(dirname "$0")/../products-expressions.yaml"
