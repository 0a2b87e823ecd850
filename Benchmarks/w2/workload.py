"""W2: a million goods of twelve columns from a file into a table."""

from harness.goods import tables
from harness.postgres import Server
from harness.tables import TableWorkload, Variant
from w2.generate import ensured

GOODS = """(id bigint PRIMARY KEY, sku text NOT NULL, name text NOT NULL, brand text NOT NULL, category text NOT NULL,
  price numeric(10,2) NOT NULL, list_price numeric(10,2), stock integer NOT NULL, active boolean NOT NULL, description text,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)"""


def set_up(server: Server, stem: str, rows: int) -> None:
    server.sql(f"""
DROP TABLE IF EXISTS expected, seed;
CREATE TABLE expected {GOODS};
\\copy expected FROM '{stem}.csv' WITH (FORMAT csv, HEADER)
CREATE TABLE seed AS SELECT id, sku, 'old name' AS name, brand, category, price + 1 AS price, NULL::numeric AS list_price,
  stock + 1 AS stock, NOT active AS active, 'Was there before.' AS description, created_at, created_at AS updated_at
  FROM expected WHERE id % 2 = 0 ORDER BY id;
VACUUM (ANALYZE) expected""")


def source(rows: int, folder: str) -> tuple[str, str]:
    stem, digest = ensured(rows, folder)
    return stem, f"CSV with the sha256 `{digest[:16]}…`"


WORKLOAD = TableWorkload(
    name="w2",
    title="W2: goods of twelve columns from a file into a table",
    target="goods",
    expected="expected",
    variants=tuple(
        Variant(f"{form}-{mode}", f"{form.upper()}, {mode}", statements)
        for form in ("csv", "ndjson")
        for mode, statements in tables(GOODS).items()
    ),
    source=source,
    set_up=set_up,
    rows=1_000_000,
)
