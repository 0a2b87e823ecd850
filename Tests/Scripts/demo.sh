#!/usr/bin/env bash
# Runs the quickstart on real data and shows what happened, then kills a longer run and lets it go on.
set -euo pipefail
millrace=$(realpath "$1")
cd "$(dirname "$0")/../.."

demo=.build/demo
export MILLRACE_STATE=$PWD/$demo/state
rm -rf "$demo/state" "$demo/results" pipelines/out/products.ndjson
mkdir -p "$demo/results"

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
shown() { printf '$ %s\n' "$*"; }

# Runs a pipeline; exit code 4 says that it is done and some records are dead letters.
run() {
  shown "millrace run --once $1"
  "$millrace" run --once "$1" || [ $? -eq 4 ]
}

step "1. A catalogue of Debian packages becomes a product list"
sed -n -e '/^tests:/q' -e '/^source/,$p' pipelines/quickstart.yaml
run pipelines/quickstart.yaml

step "2. One record before and after"
grep '"package":"4ti2"' pipelines/data/catalogue.ndjson
grep '"sku":"4ti2"' pipelines/out/products.ndjson

step "3. What did not fit is kept with its reason"
shown "millrace dead-letters list pipelines/quickstart.yaml"
"$millrace" dead-letters list pipelines/quickstart.yaml
shown "millrace dead-letters show pipelines/quickstart.yaml --limit 1"
"$millrace" dead-letters show pipelines/quickstart.yaml --limit 1

step "4. All packages this machine knows, killed in the middle"
export CATALOGUE=$PWD/$demo/catalogue.ndjson PRODUCTS=$PWD/$demo/results/products.ndjson
Tests/Scripts/full-catalogue.sh "$CATALOGUE"
total=$(wc -l <"$CATALOGUE")
# Until the source has ended, the rows stand in a partial file beside the place of the target.
written() { find "$demo/results" -type f -exec cat {} + | wc -l; }
shown "millrace run --once pipelines/catalogue-full.yaml &     # and kill -KILL in the middle"
"$millrace" run --once pipelines/catalogue-full.yaml 2>"$demo/killed.log" &
child=$!
while [ "$(written)" -lt $((total / 2)) ] && kill -0 $child 2>/dev/null; do sleep 0.05; done
{ kill -KILL $child && wait $child; } 2>/dev/null || true
echo "killed: $(written) of $total rows are written"

step "5. Started again, it goes on where the checkpoint stands"
run pipelines/catalogue-full.yaml
Tests/Scripts/compare-keys.py "$CATALOGUE" "$PRODUCTS" package

step "6. The same packages into a table of PostgreSQL, killed in the middle"
Tests/Scripts/demo-postgres.sh "$millrace" "$demo"
