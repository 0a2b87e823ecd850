"""The query of both DuckDB peers."""

import duckdb

COLUMNS = {
    "id": "VARCHAR",
    "type": "VARCHAR",
    "payload": """STRUCT(sku VARCHAR, title VARCHAR, brand STRUCT("name" VARCHAR), price DOUBLE, list_price VARCHAR,
        stock VARCHAR, status VARCHAR, tags VARCHAR[], description VARCHAR, updated_at VARCHAR)""",
}

SELECT = """
SELECT
  id,
  trim(payload.sku) AS sku,
  payload.title AS name,
  payload.brand.name AS brand,
  payload.price AS price,
  CAST(payload.list_price AS DECIMAL(18, 2)) AS list_price,
  CAST(payload.stock AS BIGINT) AS stock,
  CASE payload.status WHEN 'active' THEN 'published' WHEN 'draft' THEN 'hidden' ELSE 'retired' END AS status,
  payload.tags[1] AS tag,
  coalesce(payload.description, '') AS description,
  payload.updated_at AS updated_at,
  'web' AS channel
FROM read_json($source, format = 'newline_delimited', columns = $columns)
WHERE type = 'product.updated'
"""


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def copy(source: str, target: str, in_order: bool) -> None:
    columns = "{" + ", ".join(f"{name}: {literal(kind)}" for name, kind in COLUMNS.items()) + "}"
    select = SELECT.replace("$source", literal(source)).replace("$columns", columns)
    connection = duckdb.connect(config={"threads": 2, "preserve_insertion_order": in_order})
    connection.execute(f"COPY ({select}) TO {literal(target)} (FORMAT json)")
