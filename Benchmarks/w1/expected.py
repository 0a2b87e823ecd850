"""What W1 must give: the mapping of `products.yaml` once more, in plain Python. Every result is compared with it."""

from decimal import Decimal

STATUS = {"active": "published", "draft": "hidden"}


def expected(event: dict) -> dict | None:
    """The record that an event becomes, or None where the filter leaves it out."""
    if event["type"] != "product.updated":
        return None
    payload = event["payload"]
    description = payload["description"]
    return {
        "id": event["id"],
        "sku": payload["sku"].strip(" "),
        "name": payload["title"],
        "brand": payload["brand"]["name"],
        "price": payload["price"],
        "list_price": Decimal(payload["list_price"]),
        "stock": int(payload["stock"]),
        "status": STATUS.get(payload["status"], "retired"),
        "tag": payload["tags"][0],
        "description": "" if description is None else description,
        "updated_at": payload["updated_at"],
        "channel": "web",
    }
