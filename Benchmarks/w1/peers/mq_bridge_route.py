"""mq-bridge: a route from file to file. The filter runs first (input middlewares run from the last to the first), then a
Zen expression makes the record, then a schema turns the list price into a number."""

import json
import sys
from importlib.metadata import version

import mq_bridge

EXPRESSION = """{
  id: id,
  sku: trim(payload.sku),
  name: payload.title,
  brand: payload.brand.name,
  price: payload.price,
  list_price: payload.list_price,
  stock: payload.stock,
  status: payload.status == 'active' ? 'published' : payload.status == 'draft' ? 'hidden' : 'retired',
  tag: payload.tags[0],
  description: payload.description ?? '',
  updated_at: payload.updated_at,
  channel: 'web'
}"""
SCHEMA = {"type": "object", "properties": {"list_price": {"type": "number"}, "stock": {"type": "integer"}}}


def main(source: str, target: str) -> None:
    middlewares = [
        {"transform": {"expression": EXPRESSION, "schema": SCHEMA}},
        {"filter": 'type == "product.updated"'},
    ]
    route = mq_bridge.Route.from_config(
        {
            "input": {"file": {"path": source, "format": "raw", "mode": "consume"}, "middlewares": middlewares},
            "output": {"file": {"path": target, "format": "raw"}},
            "batch_size": 1024,
            "concurrency": 2,
            "exit_on_empty": True,
        }
    )
    route.start()
    route.join()


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(json.dumps({"title": "mq-bridge", "version": version("mq-bridge"), "ordered": True}))
    else:
        main(*sys.argv[1:])
