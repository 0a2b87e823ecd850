#!/usr/bin/env bash
# Shows files → PostgreSQL with a server of its own, where PostgreSQL is installed.
set -euo pipefail
millrace=$1
demo=$2

programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
if [ ! -x "$programs/initdb" ]; then
  echo "PostgreSQL is not installed here (Debian: postgresql); this part is left out."
  exit 0
fi
as_server=()
data=$(mktemp -d)
if [ "$(id -u)" -eq 0 ]; then
  as_server=(runuser -u postgres --)
  chown postgres "$data"
fi
stop() {
  (cd / && "${as_server[@]}" "$programs/pg_ctl" -D "$data/base" -m immediate stop >/dev/null 2>&1) || true
  rm -rf "$data"
}
trap stop EXIT
(
  cd /
  "${as_server[@]}" "$programs/initdb" -D "$data/base" -A trust -U postgres -E UTF8 --locale=C.UTF-8 >/dev/null
  "${as_server[@]}" "$programs/pg_ctl" -D "$data/base" -w -l "$data/log" \
    -o "-c listen_addresses= -c unix_socket_directories=$data" start >/dev/null
)
chmod 755 "$data"
export DATABASE_URL="host=$data user=postgres dbname=postgres"
query() { "$programs/psql" -X -h "$data" -U postgres postgres "$@"; }
rows() { query -Atc 'SELECT count(*) FROM products' 2>/dev/null || echo 0; }

sed -n -e '/^tests:/q' -e '/^target/,$p' pipelines/catalogue-postgres.yaml
total=$(wc -l <"$CATALOGUE")
echo "\$ millrace run --once pipelines/catalogue-postgres.yaml &     # and kill -KILL in the middle"
"$millrace" run --once pipelines/catalogue-postgres.yaml 2>"$demo/killed-postgres.log" &
child=$!
while [ "$(rows)" -eq 0 ] && kill -0 $child 2>/dev/null; do sleep 0.02; done
kill -KILL $child 2>/dev/null || true
wait $child 2>/dev/null || true
echo "killed: $(rows) of $total products are in the table"
echo "\$ millrace run --once pipelines/catalogue-postgres.yaml"
"$millrace" run --once pipelines/catalogue-postgres.yaml || [ $? -eq 4 ]
query -c "SELECT count(*) AS products, count(DISTINCT vendor) AS vendors, sum(installed_bytes) AS bytes FROM products"
