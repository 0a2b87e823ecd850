"""A server that stands in for Directus: the part of its REST API and of its Flows' webhooks that the `directus` source and
target use, as Directus' documentation describes them."""

import copy
import datetime
import json
import threading
import urllib.request

from standin import Handler, Server


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def error(status: int, code: str, message: str):
    return status, {"errors": [{"message": message, "extensions": {"code": code}}]}


FORBIDDEN = (403, {"errors": [{"message": "You don't have permission to access this.", "extensions": {"code": "FORBIDDEN"}}]})


def matches(item: dict, condition: dict | None) -> bool:
    for name, inner in (condition or {}).items():
        if name == "_and":
            if not all(matches(item, part) for part in inner):
                return False
        elif name == "_or":
            if not any(matches(item, part) for part in inner):
                return False
        elif not all(compare(item.get(name), operator, operand) for operator, operand in inner.items()):
            return False
    return True


def compare(value, operator: str, operand) -> bool:
    if isinstance(value, int) and isinstance(operand, str):
        operand = int(operand)
    if isinstance(value, int) and isinstance(operand, list):
        operand = [int(each) for each in operand]
    match operator:
        case "_eq": return value == operand
        case "_neq": return value != operand
        case "_in": return value in operand
        case "_null": return (value is None) == operand
        case "_gt": return value is not None and value > operand
        case "_gte": return value is not None and value >= operand
    raise ValueError(operator)


class Directus(Server):
    """One collection, `products`, with `date_created` and `date_updated` as Directus fills them."""

    TOKEN = "static-token"
    HOOK_TOKEN = "hook-token"
    LIMIT_MAX = 100

    def __init__(self, hook_url: str = ""):
        self.lock = threading.RLock()
        self.items: dict[int, dict] = {}
        self.activity: list[dict] = []
        self.hook_url = hook_url
        self.sessions: dict[str, str] = {}
        self.reads = 0
        # How the next webhooks are delivered: "lost", "twice", "held" until release().
        self.deliveries: list[str] = []
        self.held: list[dict] = []
        super().__init__(DirectusHandler)

    # What editors do

    def create(self, item: dict):
        with self.lock:
            stored = {"date_created": now(), "date_updated": None, **item}
            self.items[item["id"]] = stored
            self.post({"event": "products.items.create", "payload": item, "key": item["id"], "collection": "products"})

    def update(self, keys: list[int], payload: dict):
        with self.lock:
            for key in keys:
                self.items[key] |= {**payload, "date_updated": now()}
            self.post({"event": "products.items.update", "payload": payload, "keys": [str(key) for key in keys],
                       "collection": "products"})

    def remove(self, keys: list[int]):
        with self.lock:
            for key in keys:
                del self.items[key]
                self.activity.append({"id": len(self.activity) + 1, "action": "delete", "collection": "products",
                                      "item": str(key), "timestamp": now()})
            self.post({"event": "products.items.delete", "payload": keys, "keys": keys, "collection": "products"})

    # What a Flow does: it posts once and never again

    def post(self, event: dict):
        how = self.deliveries.pop(0) if self.deliveries else ""
        if how == "lost" or not self.hook_url:
            return
        if how == "held":
            self.held.append(event)
            return
        for _ in range(2 if how == "twice" else 1):
            self.send(event)

    def release(self):
        with self.lock:
            events, self.held = self.held[::-1], []
        for event in events:
            self.send(event)

    def send(self, event: dict):
        request = urllib.request.Request(
            self.hook_url, json.dumps(event).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.HOOK_TOKEN}"})
        try:
            urllib.request.urlopen(request, timeout=10).read()
        except OSError:
            pass  # nobody listens: Directus logs it, and that is all

    # What its API does

    def user(self, headers) -> bool:
        token = (headers.get("Authorization") or "").removeprefix("Bearer ")
        return token == self.TOKEN or token in self.sessions


class DirectusHandler(Handler):
    def respond(self, path: str, query: dict, body):
        server: Directus = self.server
        if path in ("/auth/login", "/auth/refresh"):
            return self.session(path, body)
        if not server.user(self.headers):
            return error(401, "TOKEN_EXPIRED", "Token expired.")
        parts = path.strip("/").split("/")
        with server.lock:
            if parts == ["activity"]:
                return self.read(server.activity, query)
            if parts[:2] != ["items", "products"]:
                return FORBIDDEN
            if self.command == "GET" and len(parts) == 2:
                server.reads += 1
                return self.read(list(server.items.values()), query)
            return self.write(parts[2] if len(parts) > 2 else None, body)

    def session(self, path: str, body):
        server: Directus = self.server
        good = body.get("email") == "a@b.example" and body.get("password") == "secret" or \
            body.get("refresh_token") in server.sessions.values()
        if not good:
            return error(401, "INVALID_CREDENTIALS", "Invalid user credentials.")
        number = len(server.sessions) + 1
        server.sessions[f"session-{number}"] = f"refresh-{number}"
        return 200, {"data": {"access_token": f"session-{number}", "refresh_token": f"refresh-{number}", "expires": 900000}}

    def read(self, items: list[dict], query: dict):
        server: Directus = self.server
        found = [item for item in items if matches(item, json.loads(query.get("filter", "{}")))]
        for name in reversed([name for name in query.get("sort", "").split(",") if name]):
            found.sort(key=lambda item: (item.get(name) is not None, item.get(name)))
        found = copy.deepcopy(found[: min(int(query.get("limit", 100)), server.LIMIT_MAX)])
        fields = query.get("fields", "*").split(",")
        if "*" not in fields:
            found = [{name: item[name] for name in fields if name in item} for item in found]
        return 200, {"data": found}

    def write(self, key, body):
        """Single items and arrays of them; there is no upsert."""
        server: Directus = self.server
        if self.command == "POST":
            items = body if isinstance(body, list) else [body]
            if any(item["id"] in server.items for item in items):
                return error(400, "RECORD_NOT_UNIQUE", "Value for field \"id\" has to be unique.")
            if bad := self.bad(items):
                return bad
            for item in items:
                server.create(item)
            return 200, {"data": body}
        if self.command == "PATCH":
            items = body if isinstance(body, list) else [{"id": int(key), **body}]
            if any(item["id"] not in server.items for item in items):
                return FORBIDDEN
            if bad := self.bad(items):
                return bad
            for item in items:
                server.update([item["id"]], item)
            return 200, {"data": body}
        keys = [int(each) for each in (body if body is not None else [key])]
        if any(each not in server.items for each in keys):
            return FORBIDDEN
        server.remove(keys)
        return 204, None

    def bad(self, items: list[dict]):
        if any(not isinstance(item.get("name", ""), str) for item in items):
            return 400, {"errors": [{"message": "Validation failed for field \"name\".",
                                     "extensions": {"code": "FAILED_VALIDATION", "field": "name"}}]}
        return None
