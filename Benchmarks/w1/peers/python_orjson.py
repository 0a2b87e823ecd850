"""Python with orjson, one thread: the loop that one writes by hand."""

import json
import sys

import orjson

STATUS = {"active": "published", "draft": "hidden"}
RECORDS_A_WRITE = 5_000


def mapped(event: dict) -> dict:
    payload = event["payload"]
    description = payload["description"]
    return {
        "id": event["id"],
        "sku": payload["sku"].strip(" "),
        "name": payload["title"],
        "brand": payload["brand"]["name"],
        "price": payload["price"],
        "list_price": float(payload["list_price"]),
        "stock": int(payload["stock"]),
        "status": STATUS.get(payload["status"], "retired"),
        "tag": payload["tags"][0],
        "description": "" if description is None else description,
        "updated_at": payload["updated_at"],
        "channel": "web",
    }


def main(source: str, target: str) -> None:
    loads, dumps = orjson.loads, orjson.dumps
    with open(source, "rb") as events, open(target, "wb") as output:
        lines = []
        for line in events:
            event = loads(line)
            if event["type"] == "product.updated":
                lines.append(dumps(mapped(event), option=orjson.OPT_APPEND_NEWLINE))
                if len(lines) == RECORDS_A_WRITE:
                    output.write(b"".join(lines))
                    lines.clear()
        output.write(b"".join(lines))


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        version = f"{orjson.__version__} on Python {sys.version.split()[0]}"
        print(json.dumps({"title": "Python with orjson", "version": version, "ordered": True}))
    else:
        main(*sys.argv[1:])
