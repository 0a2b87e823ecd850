#!/usr/bin/env bash
# Puts the peers that are Python packages into a virtual environment under .build.
set -euo pipefail
cd "$(dirname "$0")"

environment=../.build/bench/venv
[ -x "$environment/bin/python" ] || python3 -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --requirement requirements.txt

# DuckDB's postgres extension is had from PyPI for an older version of DuckDB than the one above, so it stands apart.
apart=../.build/bench/duckdb-postgres
[ -d "$apart/duckdb" ] ||
  "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --target "$apart" \
    --requirement requirements-duckdb-postgres.txt
