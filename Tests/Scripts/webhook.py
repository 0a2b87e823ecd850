#!/usr/bin/env python3
"""webhook.py MILLRACE: the webhook source, through the real program and real sockets.

Callers are Python's own HTTP client and curl; kills are SIGKILL under load.
"""

import base64
import gzip
import hashlib
import hmac
import http.client
import http.server
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

MILLRACE = ""
SEED = int(os.environ.get("MILLRACE_CRASH_SEED", "20261101"))
KILLS = int(os.environ.get("MILLRACE_CRASH_KILLS", "6"))
PATIENCE = 60
PIPELINE = """
millrace: 1
name: hooks
source:
  type: webhook
  listen: 127.0.0.1:{port}
  path: /hook
  log: log
{source}
mappings: {{id: record.id, event: meta.event_id, op: op}}
target: {{type: file, path: out.ndjson, format: ndjson, write: append, batch: {{wait: 5ms}}}}
checkpoint: {{every: 20ms}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mill:
    """A run of the program in a folder of its own."""

    def __init__(self, folder: Path, port: int, files: list[str]):
        self.folder, self.port = folder, port
        self.log = open(folder / "run.log", "ab")
        self.process = subprocess.Popen(
            [MILLRACE, "run", *files], cwd=folder, stdout=self.log, stderr=self.log,
            env={**os.environ, "MILLRACE_STATE": str(folder / "state")})
        wait_for(self.listens, f"nothing listens: {(folder / 'run.log').read_text()}")

    def listens(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "run.log").read_text())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def end(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        self.log.close()
        return code


def wait_for(condition, message: str):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(message)
        time.sleep(0.02)


class Webhooks(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="millrace-webhook-")))
        self.port = free_port()
        self.mill = None
        self.addCleanup(lambda: self.mill and self.mill.process.poll() is None and self.mill.end(signal.SIGKILL))

    def start(self, source: str = "", files: dict[str, str] | None = None) -> Mill:
        texts = files or {"hooks.yaml": PIPELINE.format(port=self.port, source=source)}
        for name, text in texts.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self.mill = Mill(self.folder, self.port, list(texts))
        return self.mill

    def post(self, body: bytes, path: str = "/hook", method: str = "POST", **headers: str) -> tuple[int, dict, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        return found

    def rows(self, name: str = "out.ndjson") -> list[dict]:
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def wait_for_rows(self, count: int, name: str = "out.ndjson") -> list[dict]:
        wait_for(lambda: len(self.rows(name)) >= count, f"{len(self.rows(name))} rows of {count}")
        return self.rows(name)

    def curl(self, *arguments: str) -> str:
        answer = subprocess.run(["curl", "--silent", "--show-error", *arguments], capture_output=True, text=True)
        return (answer.stdout + answer.stderr).strip()

    # What callers hear

    def test_answers(self):
        self.start("  event: {id: /id}\n  body_bytes: 64KiB")
        self.assertEqual(self.post(b'{"id":1}')[0], 204)
        self.assertEqual(self.post(gzip.compress(b'{"id":2}'), content_encoding="gzip")[0], 204)
        self.assertEqual(self.post(b'{"id":3}', "/hook?x=y", "PUT")[0], 204)
        status, headers, body = self.post(b'{"id":')
        self.assertEqual((status, json.loads(body)["status"]), (400, 400))
        # At first another pipeline might still come to serve it.
        wait_for(lambda: self.post(b"x", "/other")[0] == 404, "the path is found")
        status, headers, _ = self.post(b"", method="GET")
        self.assertEqual((status, headers["allow"]), (405, "POST, PUT"))
        self.assertEqual(self.post(b"x", content_encoding="br")[0], 415)
        self.assertEqual(self.post(b"not gzip", content_encoding="gzip")[0], 400)
        self.assertEqual(self.post(b'"' + b"x" * 70_000 + b'"')[0], 413)
        bomb = gzip.compress(b'"' + b"x" * 10_000_000 + b'"')
        self.assertEqual(self.post(bomb, content_encoding="gzip")[0], 413)
        self.assertEqual([row["id"] for row in self.wait_for_rows(3)], [1, 2, 3])
        self.assertEqual(self.mill.end(), 0)

    def test_a_long_body_is_refused_before_it_has_come(self):
        self.start()
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as caller:
            caller.sendall(b"POST /hook HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n")
            self.assertTrue(caller.recv(1000).startswith(b"HTTP/1.1 413 "))

    def test_one_body_alone_may_be_as_long_as_the_setting_says(self):
        """Longer than what all bodies that are under way may take together."""
        self.start("  event: {id: /id}\n  body_bytes: 512MiB")
        length = 300_000_000

        def pieces():
            yield b'{"id":7,"x":"'
            for _ in range(length // 1_000_000):
                yield b"x" * 1_000_000
            yield b'"}'

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("POST", "/hook", pieces(), {"content-length": str(length + len('{"id":7,"x":"') + 2)})
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.read()), (204, b""))
        connection.close()
        self.assertEqual(self.wait_for_rows(1)[0]["id"], 7)

    def test_bodies_in_pieces_and_requests_in_one(self):
        self.start("  event: {id: /id}")
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as caller:
            one = b"POST /hook HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n{\"id\":%d}"
            caller.sendall(b"".join(one % n for n in range(1, 6)))
            heard = b""
            while heard.count(b"204 No Content") < 5:
                heard += caller.recv(1000)
            slow = b"POST /hook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\n{\"id\r\n4\r\n\":6}\r\n0\r\n\r\n"
            for byte in slow:
                caller.sendall(bytes([byte]))
            heard = b""
            while piece := caller.recv(1000):
                heard += piece
            self.assertIn(b"204 No Content", heard)
            self.assertIn(b"connection: close", heard)
        self.assertEqual([row["id"] for row in self.wait_for_rows(6)], [1, 2, 3, 4, 5, 6])

    def test_who_may_post(self):
        secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
        self.start(f"  verify: {{standard_webhooks: {secret}}}")
        body, now = b'{"id":1}', str(int(time.time()))
        code = base64.b64encode(hmac.digest(b"k" * 24, b"m1." + now.encode() + b"." + body, hashlib.sha256)).decode()
        signed = {"webhook-id": "m1", "webhook-timestamp": now, "webhook-signature": "v1," + code}
        self.assertEqual(self.post(body)[0], 401)
        self.assertEqual(self.post(body + b" ", **signed)[0], 401)
        self.assertEqual(self.post(body, **signed)[0], 204)
        self.assertEqual(self.wait_for_rows(1)[0]["event"], "m1")
        for file in (self.folder / "log").iterdir():
            self.assertNotIn(code.encode(), file.read_bytes(), "a signature was stored")

    def test_sns(self):
        """Signed by a stand-in for SNS, which serves its certificate and hears the confirmation."""
        self.certificates()
        heard: list[str] = []
        certificate = (self.folder / "server.pem").read_bytes()

        class StandIn(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                heard.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(certificate)

            def log_message(self, *_):
                pass

        sns = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        sns.socket = context.wrap_socket(sns.socket, server_side=True)
        threading.Thread(target=sns.serve_forever, daemon=True).start()
        self.addCleanup(sns.server_close)
        self.addCleanup(sns.shutdown)
        host, topic = f"127.0.0.1:{sns.server_port}", "arn:aws:sns:eu-west-1:1:orders"
        self.start(f"  format: sns\n  verify: {{sns: {{topics: ['{topic}'], host: '{host}', tls: {{ca: ca.pem}}}}}}")

        def signed(kind: str, **members: str) -> bytes:
            message = {"Type": kind, "TopicArn": topic, "Timestamp": "2026-05-01T10:00:00.000Z", **members}
            text = "".join(f"{name}\n{message[name]}\n" for name in sorted(message))
            (self.folder / "text").write_text(text)
            signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", "server.key", "text"], cwd=self.folder,
                                       check=True, capture_output=True).stdout
            return json.dumps({**message, "SignatureVersion": "2", "SigningCertURL": f"https://{host}/a.pem",
                               "Signature": base64.b64encode(signature).decode()}).encode()

        def post_until_taken(body: bytes) -> int:
            for _ in range(100):
                status, headers, answer = self.post(body)
                if status != 503:
                    return status
                self.assertIn("retry-after", headers)
                time.sleep(0.05)
            raise AssertionError(answer)

        event = signed("Notification", MessageId="m1", Message='{"id": 1}')
        self.assertEqual(self.post(event.replace(b"m1", b"m2"))[0], 503)
        confirmation = signed("SubscriptionConfirmation", MessageId="c1", Message="?", Token="t",
                              SubscribeURL=f"https://{host}/?Action=ConfirmSubscription&Token=t")
        self.assertEqual(post_until_taken(confirmation), 200)
        self.assertIn("/?Action=ConfirmSubscription&Token=t", heard)
        self.assertEqual(post_until_taken(event), 204)
        self.assertEqual(self.post(event.replace(b"m1", b"m2"))[0], 401)
        self.assertEqual(self.post(event.replace(b"orders", b"others"))[0], 401)
        self.assertEqual(self.post(b'{"id": 3}')[0], 401)
        self.assertEqual([(row["id"], row["event"]) for row in self.wait_for_rows(1)], [(1, "m1")])
        self.assertEqual(heard.count("/a.pem"), 1)
        self.assertEqual(self.mill.end(), 0)

    def test_cloudevents(self):
        self.start("  format: cloudevents")
        head = {"ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-specversion": "1.0"}
        self.assertEqual(self.post(b'{"id":1}', content_type="application/json", **head)[0], 204)
        event = {"id": "2", "source": "/s", "type": "t", "specversion": "1.0", "data": {"id": 2}}
        body = json.dumps(event).encode()
        self.assertEqual(self.post(body, content_type="application/cloudevents+json")[0], 204)
        batch = b"[" + body.replace(b'"2"', b'"3"') + b"]"
        self.assertEqual(self.post(batch, content_type="application/cloudevents-batch+json")[0], 204)
        self.assertEqual([row["event"] for row in self.wait_for_rows(3)], ["/s#1", "/s#2", "/s#3"])
        status, headers, _ = self.post(b"", method="OPTIONS", webhook_request_origin="eventgrid.example")
        self.assertEqual((status, headers["webhook-allowed-origin"]), (200, "eventgrid.example"))

    def test_several_paths_and_readers_share_a_port_and_a_log(self):
        other = PIPELINE.format(port=self.port, source="").replace("name: hooks", "name: other")
        other = other.replace("/hook", "/other").replace("log: log", "log: log2").replace("out.ndjson", "out2.ndjson")
        follower = """
millrace: 1
name: follower
source: {type: log, path: log}
mappings: {id: record.id}
target: {type: file, path: out3.ndjson, format: ndjson, write: append}
"""
        hooks = PIPELINE.format(port=self.port, source="")
        self.start(files={"hooks.yaml": hooks, "other.yaml": other, "follower.yaml": follower})
        wait_for(lambda: self.post(b'{"id":1}', "/other")[0] == 204, "the other path is not served")
        wait_for(lambda: self.post(b'{"id":2}', "/hook")[0] == 204, "the first path is not served")
        self.assertEqual(self.wait_for_rows(1)[0]["id"], 2)
        self.assertEqual(self.wait_for_rows(1, "out2.ndjson")[0]["id"], 1)
        self.assertEqual(self.wait_for_rows(1, "out3.ndjson")[0]["id"], 2)
        self.assertEqual(self.mill.end(), 0)

    def test_what_only_looks_disturbs_nothing(self):
        self.start()
        self.assertEqual(self.post(b'{"id":1}')[0], 204)
        self.wait_for_rows(1)
        environment = {**os.environ, "MILLRACE_STATE": str(self.folder / "state")}
        for command in (["status", "hooks.yaml"], ["dry-run", "hooks.yaml"], ["plan", "hooks.yaml"]):
            answer = subprocess.run([MILLRACE, *command], cwd=self.folder, env=environment, capture_output=True, text=True)
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        self.assertEqual(self.post(b'{"id":2}')[0], 204)

    def test_monitoring(self):
        (self.folder / "hooks.yaml").write_text(PIPELINE.format(port=self.port, source=""), encoding="utf-8")
        place = free_port()
        self.mill = Mill(self.folder, self.port, ["--monitor", f"127.0.0.1:{place}", "hooks.yaml"])

        def get(path: str, method: str = "GET") -> tuple[int, str]:
            connection = http.client.HTTPConnection("127.0.0.1", place, timeout=PATIENCE)
            connection.request(method, path)
            answer = connection.getresponse()
            found = answer.status, answer.read().decode()
            connection.close()
            return found

        wait_for(lambda: get("/readyz") == (200, '{"ready":true,"problems":{}}\n'), "it is never ready")
        self.assertEqual(get("/healthz")[0], 200)
        self.assertEqual(self.post(b'{"id":1}')[0], 204)
        self.wait_for_rows(1)
        wait_for(lambda: 'millrace_records_total{pipeline="hooks",outcome="written"} 1' in get("/metrics")[1], "it counts nothing")
        self.assertIn("<td>hooks<td class=\"good\">running", get("/")[1])
        self.assertEqual((get("/other")[0], get("/", "POST")[0], get("/", "HEAD")), (404, 405, (200, "")))
        # Nobody else may listen there.
        other = self.folder / "other"
        other.mkdir()
        (other / "hooks.yaml").write_text(PIPELINE.format(port=free_port(), source=""), encoding="utf-8")
        answer = subprocess.run([MILLRACE, "run", "--monitor", f"127.0.0.1:{place}", "hooks.yaml"], cwd=other,
                                capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((answer.returncode, "webhook.cannot_listen" in answer.stderr), (3, True), answer.stderr)
        self.assertEqual(self.mill.end(), 0)

    # TLS

    def certificates(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
                "-subj", "/CN=authority")
        for name in ("server", "client"):
            openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj",
                    f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
            openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
                    f"{name}.pem", "-days", "2", "-copy_extensions", "copy")

    def test_tls_and_http2(self):
        self.certificates()
        self.start("  tls: {certificate: server.pem, key: server.key}\n  body_bytes: 64KiB")
        url, trust = f"https://127.0.0.1:{self.port}/hook", ["--cacert", str(self.folder / "ca.pem")]
        seen = ["--write-out", "%{http_version} %{http_code}", "--output", "/dev/null"]
        self.assertEqual(self.curl(*trust, *seen, "--http1.1", "--data", '{"id":1}', url), "1.1 204")
        self.assertEqual(self.curl(*trust, *seen, "--http2", "--data", '{"id":2}', url), "2 204")
        self.assertEqual(self.curl(*trust, *seen, "--http2", "--data", '{"id":', url), "2 400")
        wait_for(lambda: self.curl(*trust, *seen, "--http2", url + "/other") == "2 404", "the path is found")
        (self.folder / "long").write_bytes(b'"' + b"x" * 200_000 + b'"')
        self.assertIn("413", self.curl(*trust, *seen, "--http2", "--data-binary", f"@{self.folder}/long", url))
        several = [part for n in range(3, 43) for part in ("--next", *trust, *seen, "--http2", "--data", f'{{"id":{n}}}', url)]
        self.assertEqual(self.curl(*several[1:]).count("2 204"), 40)
        self.assertEqual({row["id"] for row in self.wait_for_rows(42)}, set(range(1, 43)))
        self.assertIn("SSL", self.curl(url, "--data", "{}"))
        self.assertEqual(self.mill.end(), 0)

    def test_callers_with_certificates(self):
        self.certificates()
        self.start("  tls: {certificate: server.pem, key: server.key, ca: ca.pem}")
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        with self.assertRaises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
            caller = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=PATIENCE)
            caller.request("POST", "/hook", b'{"id":1}')
            caller.getresponse()
        context.load_cert_chain(self.folder / "client.pem", self.folder / "client.key")
        caller = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=PATIENCE)
        caller.request("POST", "/hook", b'{"id":2}')
        self.assertEqual(caller.getresponse().status, 204)
        self.assertEqual([row["id"] for row in self.wait_for_rows(1)], [2])

    # Trouble

    def test_a_full_log_answers_503_and_takes_again(self):
        # One event a second is worked through, and what is not may not be removed.
        text = PIPELINE.format(port=self.port, source="  retain: {bytes: 1MiB}") + "limits: {rate: 1/s}\n"
        self.start(files={"hooks.yaml": text})
        body = json.dumps({"id": 1, "x": "x" * 50_000}).encode()
        answers = [self.post(body) for _ in range(60)]
        taken = sum(status == 204 for status, _, _ in answers)
        full = [headers for status, headers, _ in answers if status == 503]
        self.assertTrue(5 < taken < 30, taken)
        self.assertEqual(taken + len(full), 60)
        self.assertTrue(all(int(headers["retry-after"]) > 0 for headers in full))
        def warned() -> bool:
            """Loud enough for a log that holds warnings alone."""
            lines = (self.folder / "run.log").read_text().splitlines()
            return any(" warning hooks: " in line and "Callers hear 503" in line for line in lines)
        wait_for(warned, "nobody was told")
        self.mill.end()
        self.start(files={"hooks.yaml": text.replace("limits: {rate: 1/s}", "")})
        self.wait_for_rows(taken)
        wait_for(lambda: self.post(b'{"id":2}')[0] == 204, "the log stays full")
        self.assertEqual(len(self.wait_for_rows(taken + 1)), taken + 1)

    def test_a_full_disk_answers_503_and_takes_again(self):
        disk = self.folder / "log"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True).returncode:
            self.skipTest("no right to mount a small disk")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", disk], check=True))
        self.start()
        body = json.dumps({"id": 1, "x": "x" * 50_000}).encode()
        taken = 0
        while (answer := self.post(body))[0] == 204:
            taken += 1
            self.assertLess(taken, 40)
        self.assertEqual(answer[0], 503)
        self.assertIn("retry-after", answer[1])
        self.assertEqual(len(self.wait_for_rows(taken)), taken)
        subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
        self.assertEqual(self.post(body)[0], 204)
        self.assertEqual(len(self.wait_for_rows(taken + 1)), taken + 1)
        self.assertEqual(self.mill.end(), 0)

    def test_a_second_writer_is_refused(self):
        self.start()
        other = self.folder / "other"
        other.mkdir()
        text = PIPELINE.format(port=free_port(), source="").replace("log: log", f"log: {self.folder}/log")
        (other / "hooks.yaml").write_text(text, encoding="utf-8")
        answer = subprocess.run([MILLRACE, "run", "hooks.yaml"], cwd=other, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(answer.returncode, 3, answer.stderr)
        self.assertIn("log.locked", answer.stderr)

    def test_nothing_acknowledged_is_lost_when_it_is_killed(self):
        """Callers post numbered events and repeat what was not acknowledged; the program is killed again and again."""
        chance = random.Random(SEED)
        acknowledged: set[int] = set()
        sent: set[int] = set()
        lock, done = threading.Lock(), threading.Event()
        numbers = iter(range(1, 10_000_000))

        def caller():
            connection = None
            while not done.is_set():
                with lock:
                    number = next(numbers)
                    sent.add(number)
                body = json.dumps({"id": number, "pad": "x" * (number * 37 % 400)})
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                    connection.request("POST", "/hook", body)
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status == 204:
                        with lock:
                            acknowledged.add(number)
                except (OSError, http.client.HTTPException):
                    connection = None
                    time.sleep(0.005)

        self.start("  event: {id: /id}")
        callers = [threading.Thread(target=caller) for _ in range(8)]
        for thread in callers:
            thread.start()
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.2, 1.0))
            self.mill.end(signal.SIGKILL)
            self.mill = Mill(self.folder, self.port, ["hooks.yaml"])
        time.sleep(0.5)
        done.set()
        for thread in callers:
            thread.join()
        self.assertGreater(len(acknowledged), 100 * KILLS // 6)
        wait_for(lambda: acknowledged <= {row["id"] for row in self.rows()}, f"seed {SEED}: acknowledged events are missing")
        self.assertEqual(self.mill.end(), 0)
        rows = self.rows()
        self.assertTrue({row["id"] for row in rows} <= sent)
        # The target is appended to, so rows behind a checkpoint may come again, and always as the same event.
        self.assertTrue(all(row["event"] == str(row["id"]) for row in rows))
        self.assertEqual((self.folder / "state" / "hooks.dead-letters.ndjson").exists()
                         and (self.folder / "state" / "hooks.dead-letters.ndjson").read_text(), "")


if __name__ == "__main__":
    MILLRACE = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(warnings="ignore")
