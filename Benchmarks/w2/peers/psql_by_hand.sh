#!/bin/sh
# The limit: psql alone. It reads the CSV in all variants, since it has no NDJSON; the rows are the same.
set -eu
if [ "$1" = --about ]; then
  version=$("${PSQL:-psql}" --version) || exit 1
  exec printf '{"title": "psql by hand (limit)", "version": "%s"}\n' "$(echo "$version" | cut -d' ' -f3)"
fi
case $1 in
*-insert) exec "$PSQL" -Xq -v ON_ERROR_STOP=1 "$DATABASE_URL" -c "\\copy goods FROM '$2.csv' WITH (FORMAT csv, HEADER)" ;;
esac
exec "$PSQL" -Xq -v ON_ERROR_STOP=1 "$DATABASE_URL" \
  -c "CREATE TEMP TABLE stage (LIKE goods)" \
  -c "\\copy stage FROM '$2.csv' WITH (FORMAT csv, HEADER)" \
  -c "INSERT INTO goods SELECT * FROM stage ON CONFLICT (id) DO UPDATE SET sku = EXCLUDED.sku, name = EXCLUDED.name,
    brand = EXCLUDED.brand, category = EXCLUDED.category, price = EXCLUDED.price, list_price = EXCLUDED.list_price,
    stock = EXCLUDED.stock, active = EXCLUDED.active, description = EXCLUDED.description,
    created_at = EXCLUDED.created_at, updated_at = EXCLUDED.updated_at"
