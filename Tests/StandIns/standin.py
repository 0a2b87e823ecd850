"""What the servers here have in common. They stand in for other people's systems, which cannot be had in a test: built from
the systems' published contracts, as small as that allows, with faults to order."""

import collections
import http.server
import json
import threading
import time
import urllib.parse


class Faults:
    """What the next requests meet in place of an answer, or beside it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.queue = collections.deque()
        self.until = 0.0

    def order(self, kind: str, times: int = 1):
        """`429`, `500` and other statuses; `slow`; `drop` (no answer, nothing done); `drop_after` (done, no answer)."""
        with self.lock:
            self.queue.extend([kind] * times)

    def down_for(self, seconds: float):
        with self.lock:
            self.until = time.monotonic() + seconds

    def take(self) -> str | None:
        with self.lock:
            if time.monotonic() < self.until:
                return "drop"
            return self.queue.popleft() if self.queue else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle_any(self):
        fault = self.server.faults.take()
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if fault == "drop":
            return self.hang_up()
        if fault == "slow":
            time.sleep(0.3)
        elif fault and fault.isdigit():
            return self.answer(int(fault), {"errors": [{"message": "not now", "extensions": {"code": "REQUESTS_EXCEEDED"}}]},
                               {"Retry-After": "1"} if fault in ("429", "503") else {})
        url = urllib.parse.urlsplit(self.path)
        query = {name: values[-1] for name, values in urllib.parse.parse_qs(url.query).items()}
        status, answer = self.respond(urllib.parse.unquote(url.path), query, json.loads(body) if body else None)
        if fault == "drop_after":
            return self.hang_up()
        self.answer(status, answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def hang_up(self):
        self.close_connection = True
        self.connection.close()

    def answer(self, status: int, value, headers: dict | None = None):
        text = b"" if value is None else json.dumps(value, separators=(",", ":")).encode()
        self.send_response(status)
        for name, header in (headers or {}).items():
            self.send_header(name, header)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if status != 204:
            self.wfile.write(text)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, handler, port: int = 0):
        super().__init__(("127.0.0.1", port), handler)
        self.faults = Faults()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def end(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # whoever was hung up on
