#!/usr/bin/env python3
"""documents.py MILLRACE: do the pipelines of this repository and of its README do what they say?

Validates every file in pipelines/, runs the quickstart and compares what it writes with what the catalogue says, and runs
every YAML block of README.md that is a whole pipeline.
"""

import gzip
import json
import math
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIPELINES = ROOT / "pipelines"
MILLRACE = ""
TIER = {"required": "base", "important": "base", "standard": "base"}
PLATFORM = {"amd64": "x86-64", "all": "any"}


def catalogue() -> list[dict]:
    with open(PIPELINES / "data" / "catalogue.ndjson", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def lines(path: Path) -> list[dict]:
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")
    with opened as file:
        return [json.loads(line) for line in file]


def product(package: dict) -> dict:
    """What quickstart.yaml makes of a package, in other words."""
    record = {
        "sku": package["package"],
        "name": package["title"].strip(),
        "version": package["version"],
        "category": package["category"],
        "vendor": package["vendor"]["name"] or "independent",
        "tier": TIER.get(package["priority"], "optional"),
        "platform": PLATFORM[package["architecture"]],
        "installed_bytes": package["size"]["installed_kib"] * 1024,
        "download_bytes": package["size"]["download_bytes"],
        "homepage": package.get("homepage", "https://www.debian.org/"),
        "dependencies": len(package["depends"]),
        "download_seconds": math.ceil(package["size"]["download_bytes"] / 2.5e6),
        "label": f"{package['package'].upper()} ({package['vendor']['name'] or 'independent'})",
        "currency": "EUR",
    }
    if package["depends"]:
        record["first_dependency"] = package["depends"][0]
    return record


def is_refused(package: dict) -> bool:
    return len(package["title"].strip()) > 80 or "installed_kib" not in package["size"]


class Documents(unittest.TestCase):
    def setUp(self):
        self.enterContext(folder := tempfile.TemporaryDirectory())
        # Pipelines find their schemas beside their own folder.
        (Path(folder.name) / "schemas").symlink_to(ROOT / "schemas")
        self.folder = Path(folder.name) / "pipeline-copies"
        self.folder.mkdir()
        (self.folder / "data").symlink_to(PIPELINES / "data")
        (self.folder / "pipelines").symlink_to(PIPELINES)
        (self.folder / "out").mkdir()

    def millrace(self, *arguments: str, code: int) -> str:
        environment = {**os.environ, "MILLRACE_STATE": str(self.folder / "state")}
        answer = subprocess.run([MILLRACE, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True)
        self.assertEqual(answer.returncode, code, f"{arguments}\n{answer.stdout}\n{answer.stderr}")
        return answer.stdout

    def run_file(self, name: str, text: str, code: int) -> dict:
        """Runs a pipeline in a folder of its own and gives its summary."""
        (self.folder / name).write_text(text, encoding="utf-8")
        summary = json.loads(self.millrace("run", "--once", "--json", name, code=code).splitlines()[-1])
        ended = sum(summary[bucket] for bucket in ("written", "filtered", "duplicate", "stale", "dead_lettered"))
        self.assertEqual(summary["read"], ended, summary)
        return summary

    def test_every_pipeline_is_valid(self):
        self.millrace("validate", str(PIPELINES), code=0)

    def test_quickstart(self):
        sold = [package for package in catalogue() if package["category"] != "doc"]
        refused = {package["package"] for package in sold if is_refused(package)}
        summary = self.run_file("quickstart.yaml", (PIPELINES / "quickstart.yaml").read_text(encoding="utf-8"), code=4)
        self.assertEqual(summary["dead_lettered"], len(refused))
        self.assertEqual(lines(self.folder / "out" / "products.ndjson"), [product(p) for p in sold if not is_refused(p)])
        letters = (self.folder / "state" / "quickstart.dead-letters.ndjson").read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(letters), len(refused))
        for name in refused:
            self.assertEqual(sum(f'"{name}"' in letter for letter in letters), 1, name)

    def test_csv_and_gzip(self):
        summary = self.run_file("csv.yaml", (PIPELINES / "catalogue-csv.yaml").read_text(encoding="utf-8"), code=0)
        written = lines(self.folder / "out" / "products-from-csv.ndjson.gz")
        self.assertEqual(len(written), summary["written"])
        packages = {package["package"]: package for package in catalogue()}
        known = [record for record in written if record["sku"] in packages]
        self.assertGreater(len(known), 50)
        for record in known:
            package = packages[record["sku"]]
            self.assertEqual(record["name"], package["title"].strip()[:80])
            self.assertEqual(record["vendor"], package["vendor"]["name"] or "independent")
            self.assertEqual(record.get("installed_bytes"), package["size"].get("installed_kib", 0) * 1024 or None)

    def test_everything_passes_through_the_full_catalogue(self):
        self.run_file("full.yaml", (PIPELINES / "catalogue-full.yaml").read_text(encoding="utf-8"), code=0)
        written = lines(self.folder / "out" / "catalogue-full.ndjson")
        for package, record in zip(catalogue(), written, strict=True):
            wanted = {name: value for name, value in package.items() if name != "depends"}
            if "installed_kib" in package["size"]:
                wanted["installed_bytes"] = package["size"]["installed_kib"] * 1024
            self.assertEqual(record, wanted)

    def test_webhooks_and_their_second_reader(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        text = (PIPELINES / "webhook.yaml").read_text(encoding="utf-8").replace("127.0.0.1:8080", f"127.0.0.1:{port}")
        (self.folder / "webhook.yaml").write_text(text, encoding="utf-8")
        environment = {**os.environ, "MILLRACE_STATE": str(self.folder / "state")}
        sent = [{"sku": package["package"], "price": package["size"]["download_bytes"]} for package in catalogue()[:200]]
        with subprocess.Popen([MILLRACE, "run", "--quiet", "webhook.yaml"], cwd=self.folder, env=environment) as run:
            for number, product in enumerate(sent):
                body = json.dumps({"event": "product.updated", "id": f"e{number}", "data": product}).encode()
                request = urllib.request.Request(f"http://127.0.0.1:{port}/hooks/products", body)
                for _ in range(200):
                    try:
                        with urllib.request.urlopen(request) as answer:
                            self.assertEqual(answer.status, 204)
                        break
                    except urllib.error.URLError as error:
                        # The program may not listen yet.
                        self.assertIsInstance(error.reason, ConnectionRefusedError)
                        time.sleep(0.05)
            run.terminate()
            self.assertEqual(run.wait(60), 0)
        self.run_file("webhook.yaml", text, code=0)
        written = lines(self.folder / "out" / "webhook.ndjson")
        wanted = [{**p, "event": f"e{n}", "kind": "product.updated"} for n, p in enumerate(sent)]
        self.assertEqual([{**record, "price": int(record["price"])} for record in written], wanted)
        self.run_file("again.yaml", (PIPELINES / "webhook-again.yaml").read_text(encoding="utf-8"), code=0)
        again = lines(self.folder / "out" / "webhook-again.ndjson")
        self.assertEqual([record["sku"] for record in again], [product["sku"] for product in sent])
        self.assertTrue(all(record["received"].endswith("Z") for record in again))

    def test_pipelines_of_the_readme(self):
        blocks = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        whole = [block for block in blocks if re.search(r"^name:", block, re.MULTILINE)]
        self.assertTrue(whole, "the README shows no pipeline")
        for number, block in enumerate(whole):
            with self.subTest(block=block):
                (self.folder / f"readme-{number}.yaml").write_text(block, encoding="utf-8")
                self.millrace("validate", f"readme-{number}.yaml", code=0)
                self.run_file(f"readme-{number}.yaml", block, code=4 if "required" in block else 0)


if __name__ == "__main__":
    MILLRACE = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
