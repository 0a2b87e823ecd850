"""W3: two million goods from one table into another, with a mapping."""

from harness.goods import merge, tables
from harness.postgres import Server
from harness.tables import TableWorkload, Variant
from w2.generate import ensured
from w2.workload import GOODS as ORIGIN

GOODS = """(id bigint PRIMARY KEY, code text NOT NULL, title text NOT NULL, brand text NOT NULL, department text NOT NULL,
  price numeric(10,2) NOT NULL, list_price numeric(10,2) NOT NULL, stock integer NOT NULL, state text NOT NULL,
  description text NOT NULL, changed_at timestamptz NOT NULL, channel text NOT NULL)"""

COLUMNS = ["id", "code", "title", "brand", "department", "price", "list_price", "stock", "state", "description", "changed_at", "channel"]

DEPARTMENTS = {"garden": "Garden", "kitchen": "Home", "outdoor": "Garden", "büro": "Office", "tools": "Workshop", "gift": "Home", "eco": "Garden"}

# The mapping of goods.yaml once more, as SQL: what the target must hold, and what those peers run that can map in SQL alone.
MAPPING = f"""SELECT id, btrim(sku, ' ') AS code, btrim(name, ' ') AS title, brand,
  CASE category {' '.join(f"WHEN '{old}' THEN '{new}'" for old, new in DEPARTMENTS.items())} END AS department,
  price, coalesce(list_price, 0)::numeric(10,2) AS list_price, stock,
  CASE WHEN active THEN 'published' ELSE 'hidden' END AS state, coalesce(description, '') AS description,
  updated_at AS changed_at, 'web' AS channel FROM origin"""

MERGE = merge(COLUMNS)


def set_up(server: Server, stem: str, rows: int) -> None:
    server.sql(f"""
DROP TABLE IF EXISTS origin, expected, seed;
CREATE TABLE origin {ORIGIN};
\\copy origin FROM '{stem}.csv' WITH (FORMAT csv, HEADER)
CREATE TABLE expected {GOODS};
INSERT INTO expected {MAPPING};
CREATE TABLE seed AS SELECT id, code, 'old title' AS title, brand, department, price + 1 AS price, list_price, stock + 1 AS stock,
  'old' AS state, 'Was there before.' AS description, changed_at - interval '1 day' AS changed_at, channel
  FROM expected WHERE id % 2 = 0 ORDER BY id;
VACUUM (ANALYZE) expected;
VACUUM (ANALYZE) origin""")


def source(rows: int, folder: str) -> tuple[str, str]:
    """What peers read is the table `origin`; the stem is where it was loaded from."""
    stem, digest = ensured(rows, folder)
    return stem, f"made from a CSV with the sha256 `{digest[:16]}…`"


WORKLOAD = TableWorkload(
    name="w3",
    title="W3: goods from a table into another, with a mapping",
    target="goods",
    expected="expected",
    variants=tuple(Variant(mode, mode, statements) for mode, statements in tables(GOODS).items()),
    source=source,
    set_up=set_up,
    rows=2_000_000,
)
