#!/usr/bin/env python3
"""directus-to-shop.py MILLRACE: pipelines/directus-to-shop.yaml, whole: the real program between servers that stand in for
Directus and for a shop (Tests/StandIns), with everything that goes wrong between the two.

MILLRACE_OUTAGE=60 lets the shop be down for a minute, MILLRACE_CRASH_KILLS=20 kills more often, MILLRACE_CRASH_SEED names
another plan of edits and kills.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "StandIns"))
from directus import Directus  # noqa: E402
from shop import Shop  # noqa: E402

MILLRACE = ""
SEED = int(os.environ.get("MILLRACE_CRASH_SEED", "20261125"))
KILLS = int(os.environ.get("MILLRACE_CRASH_KILLS", "5"))
OUTAGE = float(os.environ.get("MILLRACE_OUTAGE", "3"))
PATIENCE = 90
# The pipeline waits as long as people bear; a test does not.
QUICKER = {
    "poll_every: 60s": "poll_every: 500ms", "overlap: 60s": "overlap: 5s",
    "delays: [1s, 5s, 30s]": "delays: [50ms, 100ms, 200ms]", "open_for: 30s": "open_for: 500ms",
    "requests_at_once: 8": "requests_at_once: 8\n  timeout: 2s",
}
SECOND = """
millrace: 1
name: second
source: {type: log, path: out/directus-to-shop.log, format: directus}
transforms: [{filter: op != "delete"}]
mappings: {id: {from: record.id, as: string}, event: meta.type}
target: {type: file, path: second.ndjson, write: append}
checkpoint: {every: 20ms}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, message):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(message() if callable(message) else message)
        time.sleep(0.02)


def in_shop(item: dict) -> dict:
    """What the pipeline makes of an item, in other words."""
    return {"id": str(item["id"]), "sku": item["sku"], "name": item["name"].strip(), "price_cents": round(item["price"] * 100),
            "visible": item["status"] == "published", "changed_at": item["date_updated"] or item["date_created"]}


class DirectusToShop(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="millrace-directus-")))
        self.port = free_port()
        self.directus = Directus(f"http://127.0.0.1:{self.port}/hooks/products")
        self.shop = Shop()
        self.addCleanup(self.directus.end)
        self.addCleanup(self.shop.end)
        self.runs: list[subprocess.Popen] = []
        self.addCleanup(self.kill_all)
        self.random = random.Random(SEED)
        text = (ROOT / "pipelines" / "directus-to-shop.yaml").read_text()
        text = text.replace("127.0.0.1:8090", f"127.0.0.1:{self.port}")
        for old, new in QUICKER.items():
            self.assertIn(old, text)
            text = text.replace(old, new)
        (self.folder / "shop.yaml").write_text(text + "\ncheckpoint: {every: 50ms}\n")
        (self.folder / "second.yaml").write_text(SECOND)
        self.environment = {
            **os.environ, "DIRECTUS_URL": self.directus.url, "DIRECTUS_TOKEN": Directus.TOKEN, "SHOP_URL": self.shop.url,
            "DIRECTUS_HOOK_TOKEN": Directus.HOOK_TOKEN, "SHOP_TOKEN": Shop.TOKEN}

    def kill_all(self):
        for run in self.runs:
            if run.poll() is None:
                run.kill()
                run.wait()

    def start(self, file: str = "shop.yaml", listens: bool = True) -> subprocess.Popen:
        with open(self.folder / "run.log", "ab") as log:
            run = subprocess.Popen([MILLRACE, "run", file], cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        self.runs.append(run)
        if listens:
            wait_for(lambda: self.listens(run), "nobody listens")
        return run

    def listens(self, run: subprocess.Popen) -> bool:
        self.assertIsNone(run.poll(), self.log)
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def log(self) -> str:
        return (self.folder / "run.log").read_text()[-4000:]

    def millrace(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([MILLRACE, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True)

    # Editors

    def fill(self, count: int):
        for number in range(1, count + 1):
            self.directus.items[number] = {
                "id": number, "sku": f"sku-{number}", "name": f" Product {number} ", "price": number + 0.25,
                "status": "published" if number % 3 else "archived", "date_created": "2026-11-01T08:00:00.000Z",
                "date_updated": None}

    def edit(self):
        """One edit of some kind; its webhook comes once, twice, late and out of order, or never."""
        dice = self.random
        self.directus.deliveries.append(dice.choices(["", "twice", "held", "lost"], [6, 2, 1, 1])[0])
        keys = sorted(self.directus.items)
        match dice.choices(["update", "many", "create", "remove", "archive", "burst"], [8, 2, 2, 2, 1, 1])[0]:
            case "update":
                self.directus.update([dice.choice(keys)], {"price": dice.randrange(1, 99_999) / 100})
            case "many":
                self.directus.update(dice.sample(keys, 3), {"status": dice.choice(["draft", "published"])})
            case "create":
                number = keys[-1] + 1
                self.directus.create({"id": number, "sku": f"sku-{number}", "name": "New", "price": 1.5, "status": "draft"})
            case "remove":
                self.directus.remove([dice.choice(keys)])
            case "archive":
                self.directus.update([dice.choice(keys)], {"status": "archived"})
            case "burst":
                key = dice.choice(keys)
                for price in range(10):
                    self.directus.update([key], {"price": price + 0.5})
        if dice.random() < 0.2:
            self.directus.release()

    # What must hold

    def expected(self) -> dict:
        with self.directus.lock:
            return {str(key): in_shop(item) for key, item in self.directus.items.items() if item["status"] != "archived"}

    def wait_until_equal(self):
        self.directus.release()
        wait_for(lambda: self.shop.products == self.expected(), lambda: f"{self.difference()}\n{self.log}")

    def difference(self) -> str:
        ours, theirs = self.shop.products, self.expected()
        keys = [key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)]
        return "\n".join(f"{key}: the shop has {ours.get(key)}, not {theirs.get(key)}" for key in keys[:5])

    def check_ledger(self):
        """No state of a product was put twice, and no older one behind a newer one."""
        last: dict[str, str] = {}
        for _, id, state in self.shop.ledger:
            if state is None:
                continue
            before = last.get(id, "")
            self.assertNotEqual(state["changed_at"], before, f"product {id} was put twice as it was at {before}")
            self.assertGreater(state["changed_at"], before, f"product {id} went back to an older state")
            last[id] = state["changed_at"]
        keys = [key for key, _, _ in self.shop.ledger]
        self.assertEqual(len(keys), len(set(keys)))

    # The scenario

    def test_the_whole_story(self):
        self.fill(400)
        self.shop.faults.order("slow", 5)
        run = self.start()
        # The load is under way: edits in it are not lost.
        for _ in range(60):
            self.edit()
        self.wait_until_equal()
        # Live: the API is busy, fails, forgets to answer.
        for fault in ("429", "500", "drop", "drop_after", "slow"):
            self.shop.faults.order(fault, 3)
        self.directus.faults.order("503", 2)
        for _ in range(60):
            self.edit()
            time.sleep(0.005)
        self.wait_until_equal()
        self.assertGreater(self.shop.repeated, 0, "a request whose answer was lost comes again with its key")
        # A second consumer reads all that came from the log, while more comes.
        second = self.start("second.yaml", listens=False)
        for _ in range(20):
            self.edit()
        # The shop is down, and nobody notices but the shop.
        self.shop.faults.down_for(OUTAGE)
        end = time.monotonic() + OUTAGE
        while time.monotonic() < end:
            self.edit()
            time.sleep(0.05)
        self.wait_until_equal()
        self.assertIn("The target is down", self.log)
        # A new field is no reason to stop.
        self.directus.update([sorted(self.directus.items)[0]], {"colour": "green"})
        self.wait_until_equal()
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(PATIENCE), 0, self.log)
        second.send_signal(signal.SIGTERM)
        self.assertEqual(second.wait(PATIENCE), 0, self.log)
        self.check_ledger()
        self.check_second()
        self.check_verify()
        letters = self.folder / ".millrace" / "directus-to-shop.dead-letters.ndjson"
        self.assertFalse(letters.exists() and letters.read_text())

    def check_second(self):
        """It has every event that was acknowledged, whenever it was started."""
        rows = [json.loads(line) for line in (self.folder / "second.ndjson").read_text().splitlines()]
        again = self.folder / "all.yaml"
        again.write_text(SECOND.replace("second", "all"))
        self.assertEqual(self.millrace("run", "--once", "all.yaml").returncode, 0)
        everything = [json.loads(line) for line in (self.folder / "all.ndjson").read_text().splitlines()]
        self.assertEqual(rows, everything[: len(rows)])
        self.assertGreater(len(rows), 100)

    def verify(self, file: str = "shop.yaml") -> tuple[int, dict]:
        """Both sides, as `millrace verify` sees them."""
        done = self.millrace("verify", file, "--json", "--settle", "100ms")
        self.assertIn(done.returncode, (0, 4), done.stderr)
        return done.returncode, json.loads(done.stdout)

    def check_verify(self):
        """Both sides are equal; what somebody changes in the shop is found."""
        code, report = self.verify()
        self.assertEqual((code, report["equal"]), (0, True), report)
        ids = sorted(self.shop.products)
        self.shop.products[ids[0]] = {**self.shop.products[ids[0]], "price_cents": 1}
        del self.shop.products[ids[1]]
        self.shop.products["more"] = {**self.shop.products[ids[2]], "id": "more"}
        code, report = self.verify()
        found = report["streams"][0]
        self.assertEqual((code, found["different"], found["missing"], found["extra"]), (4, 1, 1, 1), report)
        self.check_verify_by_key()
        # Which item of Directus "more" would be cannot be told.
        repaired = self.millrace("verify", "shop.yaml", "--repair")
        self.assertEqual(repaired.returncode, 4, repaired.stderr)
        self.assertIn("2 rows repaired\n1 row not repaired: the source's key cannot be told", repaired.stdout + repaired.stderr)
        del self.shop.products["more"]
        code, report = self.verify()
        self.assertEqual((code, report["equal"]), (0, True), report)

    def check_verify_by_key(self):
        """A shop that lists nothing is asked for each product of Directus; what it has beside them stays unseen."""
        text = (self.folder / "shop.yaml").read_text()
        start = text.index("  read:")
        end = text.index("\n\n", start)
        item = '  read: {item: "' + self.shop.url + '/products/{id}"}'
        (self.folder / "by-key.yaml").write_text(text[:start] + item + text[end:])
        code, report = self.verify("by-key.yaml")
        found = report["streams"][0]
        self.assertEqual(
            (code, found["different"], found["missing"], found["extra"], found["listed"]), (4, 1, 1, 0, False), report)

    def test_kills_at_random_moments(self):
        self.fill(300)
        run = self.start(listens=False)
        stop = threading.Event()
        editor = threading.Thread(target=self.edit_until, args=(stop,))
        editor.start()
        dice = random.Random(SEED + 1)
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.1, 1.2))
            self.shop.faults.order(dice.choice(["500", "drop_after", "drop", "429", "slow"]), 2)
            run.kill()
            run.wait()
            run = self.start(listens=False)
        stop.set()
        editor.join()
        self.wait_until_equal()
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(PATIENCE), 0, self.log)
        self.check_ledger()

    def edit_until(self, stop: threading.Event):
        while not stop.is_set():
            self.edit()
            time.sleep(0.01)

    def test_a_change_of_the_schema_is_mended_and_replayed(self):
        self.fill(20)
        run = self.start()
        self.wait_until_equal()
        # Somebody turns prices into texts: those products wait as dead letters, the others go on.
        self.directus.update([1, 2], {"price": "12,50 EUR"})
        self.directus.update([4], {"price": 77})
        wait_for(lambda: self.shop.products["4"]["price_cents"] == 7_700, lambda: self.log)
        letters = self.folder / ".millrace" / "directus-to-shop.dead-letters.ndjson"
        wait_for(lambda: letters.exists() and len(letters.read_text().splitlines()) == 2, lambda: self.log)
        # One is mended in Directus meanwhile; the other's letter is mended and sent again.
        self.directus.update([2], {"price": 5})
        wait_for(lambda: self.shop.products["2"]["price_cents"] == 500, lambda: self.log)
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(PATIENCE), 4, self.log)
        self.environment["EDITOR"] = "sed -i s/.12,50.EUR./12.5/"
        answer = self.millrace("dead-letters", "discard", "shop.yaml", "--key", "2", "--yes")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        answer = self.millrace("dead-letters", "replay", "shop.yaml", "--edit", "--yes")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(self.shop.products["1"]["price_cents"], 1_250)
        self.assertEqual(self.shop.products["2"]["price_cents"], 500)
        self.check_ledger()

    def test_a_poisonous_product_holds_back_itself_alone(self):
        text = (self.folder / "shop.yaml").read_text()
        (self.folder / "shop.yaml").write_text(text.replace("retry:", "retry:\n  park_for: 3s"))
        self.fill(20)
        run = self.start()
        self.wait_until_equal()
        self.shop.poisonous = {"1", "2"}
        self.directus.update([1, 2], {"price": 5})
        wait_for(lambda: self.shop.failures > 2, lambda: self.log)
        for price in (6, 7, 8):
            self.directus.update([1, 4], {"price": price})
            wait_for(lambda: self.shop.products["4"]["price_cents"] == 100 * price, lambda: self.log)
        # One product's trouble ends, and what waited behind it follows.
        self.shop.poisonous.remove("1")
        wait_for(lambda: self.shop.products["1"]["price_cents"] == 800, lambda: self.log)
        # The other's does not: it becomes a dead letter, and is sent again once the shop is mended.
        letters = self.folder / ".millrace" / "directus-to-shop.dead-letters.ndjson"
        wait_for(lambda: letters.exists() and letters.read_text().count("http.server_error") == 1, lambda: self.log)
        self.assertIn("while other rows were stored", letters.read_text())
        self.assertIn("Its key waits alone", self.log)
        self.shop.poisonous.clear()
        self.directus.update([7], {"price": 9})
        wait_for(lambda: self.shop.products["7"]["price_cents"] == 900, lambda: self.log)
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(PATIENCE), 4, self.log)
        answer = self.millrace("dead-letters", "replay", "shop.yaml", "--yes")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(self.shop.products, self.expected())
        self.check_ledger()

    def test_run_once_reads_all_and_ends(self):
        self.fill(250)
        answer = self.millrace("run", "--once", "shop.yaml")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(self.shop.products, self.expected())
        self.directus.hook_url = ""
        self.directus.remove([1])
        self.directus.update([2], {"price": 3})
        answer = self.millrace("run", "--once", "shop.yaml")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(self.shop.products, self.expected())
        self.check_ledger()

    def test_a_session_is_opened_and_a_wrong_one_ends_the_run(self):
        self.fill(3)
        text = (self.folder / "shop.yaml").read_text()
        login = text.replace('{token: "${DIRECTUS_TOKEN}"}', '{login: {email: a@b.example, password: "${PASSWORD}"}}')
        (self.folder / "shop.yaml").write_text(login)
        self.environment["PASSWORD"] = "wrong"
        answer = self.millrace("run", "--once", "shop.yaml")
        self.assertEqual(answer.returncode, 3, answer.stderr)
        self.assertIn("directus.unauthorized", answer.stderr)
        self.environment["PASSWORD"] = "secret"
        answer = self.millrace("run", "--once", "shop.yaml")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(self.shop.products, self.expected())


if __name__ == "__main__":
    MILLRACE = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
