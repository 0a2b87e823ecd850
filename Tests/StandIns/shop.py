"""A server that stands in for a shop's API: products are put and deleted by their id. A request that comes again with the
same Idempotency-Key is answered as before and does nothing; a ledger says what was done, in order. They are listed in pages."""

import threading

from standin import Handler, Server


class Shop(Server):
    TOKEN = "shop-token"

    def __init__(self):
        self.lock = threading.Lock()
        self.products: dict[str, dict] = {}
        # What was done: key of the request, id of the product, its new state (None: deleted).
        self.ledger: list[tuple[str, str, dict | None]] = []
        self.known: dict[str, tuple[int, dict | None]] = {}
        self.repeated = 0
        # Products that the shop fails for, and for no others.
        self.poisonous: set[str] = set()
        self.failures = 0
        super().__init__(ShopHandler)


class ShopHandler(Handler):
    def respond(self, path: str, query: dict, body):
        server: Shop = self.server
        if self.headers.get("Authorization") != f"Bearer {server.TOKEN}":
            return 401, {"error": "who is there?"}
        if self.command == "GET" and path == "/products":
            return self.listing(query)
        if self.command == "GET":
            with server.lock:
                product = server.products.get(path.removeprefix("/products/"))
            return (200, product) if product else (404, {"error": "no such product"})
        key = self.headers.get("Idempotency-Key")
        id = path.removeprefix("/products/")
        if not key or "/" in id or not id:
            return 404, {"error": "no such place"}
        with server.lock:
            if id in server.poisonous:
                server.failures += 1
                return 500, {"error": "something went wrong"}
            if key in server.known:
                server.repeated += 1
                return server.known[key]
            answer = self.apply(id, key, body)
            server.known[key] = answer
            return answer

    def listing(self, query: dict):
        size = min(int(query.get("per_page", 50)), 50)
        start = (int(query.get("page", 1)) - 1) * size
        with self.server.lock:
            return 200, {"products": [state for _, state in sorted(self.server.products.items())][start:start + size]}

    def apply(self, id: str, key: str, body):
        server: Shop = self.server
        if self.command == "DELETE":
            if server.products.pop(id, None) is None:
                return 404, {"error": "no such product"}
            server.ledger.append((key, id, None))
            return 204, None
        if not isinstance(body.get("price_cents"), int) or body["price_cents"] < 0:
            return 422, {"error": "price_cents must be a whole number, zero or more"}
        server.products[id] = body
        server.ledger.append((key, id, body))
        return 200, {"id": id}
