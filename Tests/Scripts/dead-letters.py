#!/usr/bin/env python3
"""dead-letters.py MILLRACE: dead letters are worked through, also when the replay is killed again and again."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

MILLRACE = ""
SEED = int(os.environ.get("MILLRACE_CRASH_SEED", "20261101"))
KILLS = int(os.environ.get("MILLRACE_CRASH_KILLS", "6"))
PIPELINE = """
millrace: 1
name: letters
source: {{type: file, path: in.ndjson}}
mappings:
  id: {{from: record.id, required: true}}
  name: {{from: record.name, max_length: {length}}}
  event: meta.event_id
target: {{type: file, path: out.ndjson, format: ndjson, write: {write}, batch: {{records: 100}}}}
checkpoint: {{every: 5ms}}
{limits}
"""


class DeadLetters(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="millrace-letters-")))

    def pipeline(self, length: int, write: str = "append", limits: str = "") -> None:
        (self.folder / "p.yaml").write_text(PIPELINE.format(length=length, write=write, limits=limits), encoding="utf-8")

    def records(self, records: list) -> None:
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        (self.folder / "in.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start(self, *arguments: str, **more) -> subprocess.Popen:
        return subprocess.Popen([MILLRACE, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    def millrace(self, *arguments: str, code: int, **environment: str) -> str:
        with self.start(*arguments, env={**os.environ, **environment}) as process:
            out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, f"{arguments}\n{out}\n{err}")
        return out

    def open(self, *filters: str) -> int:
        return json.loads(self.millrace("dead-letters", "list", "p.yaml", "--json", *filters, code=0))["total"]

    def rows(self) -> list[dict]:
        return [json.loads(line) for line in (self.folder / "out.ndjson").read_text().splitlines()]

    def test_mended_one_by_one_and_all_together(self):
        self.pipeline(5)
        self.records([{"id": 1, "name": "ok"}, {"id": 2, "name": "too long"}, {"name": "x"}, '{"id":3,', {"id": 4, "name": "far too long"}])
        self.millrace("run", "--once", "--quiet", "p.yaml", code=4)
        self.assertEqual(self.open(), 4)
        # Nothing has changed: all are refused again, and none is lost or counted twice.
        self.millrace("dead-letters", "replay", "p.yaml", "--yes", code=4)
        self.assertEqual(self.open(), 4)
        self.pipeline(8)
        answer = json.loads(self.millrace("dead-letters", "replay", "p.yaml", "--code", "mapping.too_long", "--yes", "--json", code=4))
        self.assertEqual((answer["replayed"], answer["refused_again"], answer["open"]), (1, 1, 3))
        self.assertEqual(self.open("--code", "mapping.too_long"), 1)
        letters = [json.loads(line) for line in self.millrace("dead-letters", "show", "p.yaml", "--json", code=0).splitlines()]
        nameless = next(letter["id"] for letter in letters if letter["code"] == "mapping.required_missing")
        self.millrace("dead-letters", "replay", "p.yaml", nameless, "--record", '{"id":30,"name":"x"}', "--yes", code=0)
        self.millrace("dead-letters", "replay", "p.yaml", "--code", "mapping.too_long", "--edit", "--yes", code=0, EDITOR="sed -i s/far.too.long/short/")
        self.assertEqual([(row["id"], row["name"]) for row in self.rows()], [(1, "ok"), (2, "too long"), (30, "x"), (4, "short")])
        self.millrace("dead-letters", "discard", "p.yaml", "--stage", "decode", "--yes", code=0)
        self.assertEqual(self.open(), 0)
        status = json.loads(self.millrace("status", "p.yaml", "--json", code=0))
        self.assertEqual((status["open_dead_letters"], status["done_dead_letters"]), (0, 4))
        # The next run takes them out of their file, and they are counted all the same.
        self.pipeline(5)
        self.millrace("run", "--once", "--quiet", "p.yaml", code=0)
        self.assertEqual((self.folder / ".millrace" / "letters.dead-letters.ndjson").read_text(), "")
        status = json.loads(self.millrace("status", "p.yaml", "--json", code=0))
        self.assertEqual((status["open_dead_letters"], status["done_dead_letters"], status["expired_dead_letters"]), (0, 4, 0))

    def test_events_keep_their_ids(self):
        self.pipeline(5)
        self.records([{"id": 1, "name": "too long"}])
        self.millrace("run", "--once", "--quiet", "p.yaml", code=4)
        self.pipeline(80)
        self.millrace("dead-letters", "replay", "p.yaml", "--yes", code=0)
        self.assertEqual([row["event"] for row in self.rows()], ["in.ndjson:0"])

    def test_a_letter_that_comes_again_is_open_again(self):
        self.pipeline(5)
        self.records([{"id": 1, "name": "too long"}])
        self.millrace("run", "--once", "--quiet", "p.yaml", code=4)
        self.millrace("dead-letters", "discard", "p.yaml", "--all", "--yes", code=0)
        self.assertEqual(self.open(), 0)
        self.millrace("checkpoint", "reset", "p.yaml", "--yes", code=0)
        self.millrace("run", "--once", "--quiet", "p.yaml", code=4)
        self.assertEqual(self.open(), 1)

    def test_filters(self):
        self.pipeline(5)
        self.records([{"id": 1, "name": "too long"}, {"name": "x"}])
        self.millrace("run", "--once", "--quiet", "p.yaml", code=4)
        self.assertEqual(self.open("--since", "2020-01-01T00:00:00Z"), 2)
        self.assertEqual(self.open("--until", "2020-01-01T00:00:00Z"), 0)
        self.assertEqual(self.open("--stage", "mapping", "--field", "id"), 1)
        self.assertEqual(self.open("--key", "nothing"), 0)
        self.millrace("dead-letters", "list", "p.yaml", "--since", "yesterday", code=64)
        self.millrace("dead-letters", "discard", "p.yaml", "--yes", code=64)
        self.millrace("dead-letters", "replay", "p.yaml", "--record", "{}", "--yes", code=64)

    def test_what_cannot_be_replayed_says_so(self):
        self.pipeline(5, write="replace")
        self.records([{"id": 1, "name": "too long"}])
        self.millrace("run", "--once", "--quiet", "p.yaml", code=4)
        self.millrace("dead-letters", "replay", "p.yaml", "--yes", code=3)
        self.assertEqual(self.open(), 1)

    def test_a_pipeline_that_runs_is_left_alone(self):
        self.pipeline(5, limits="limits: {rate: 1/s}")
        self.records([{"id": n, "name": "too long"} for n in range(100)])
        with self.start("run", "--quiet", "p.yaml") as run:
            while not (self.folder / ".millrace" / "letters.checkpoint.json").exists():
                time.sleep(0.02)
            self.millrace("dead-letters", "replay", "p.yaml", "--yes", code=3)
            run.kill()

    def test_a_replay_that_is_killed_loses_and_doubles_nothing_in_its_books(self):
        chance = random.Random(SEED)
        count = 20_000
        self.pipeline(5)
        self.records([{"id": n, "name": "too long" if n % 10 else "never " * 20} for n in range(count)])
        self.millrace("run", "--once", "--quiet", "p.yaml", code=4)
        self.assertEqual(self.open(), count)
        self.pipeline(8, limits="limits: {rate: 20000/s, in_flight: 1MiB}")
        killed = 0
        for _ in range(KILLS):
            process = self.start("dead-letters", "replay", "p.yaml", "--yes", "--quiet", "--code", "mapping.too_long")
            try:
                process.communicate(timeout=chance.uniform(0.3, 0.8))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                killed += 1
            # What is done has arrived, whenever the kill came.
            done = {entry["id"] for entry in self.journal() if entry["outcome"] == "replayed"}
            self.assertLessEqual(len(done), len({row["id"] for row in self.rows()}))
        self.assertGreater(killed, 0)
        self.millrace("dead-letters", "replay", "p.yaml", "--yes", "--quiet", "--code", "mapping.too_long", code=4)
        self.assertEqual(self.open(), count // 10)
        self.assertEqual({row["id"] for row in self.rows()}, {n for n in range(count) if n % 10})
        done = [entry["id"] for entry in self.journal() if entry["outcome"] == "replayed"]
        self.assertEqual(len(done), len(set(done)))
        self.assertEqual(len(done), count - count // 10)

    def journal(self) -> list[dict]:
        path = self.folder / ".millrace" / "letters.dead-letters.done.ndjson"
        return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")] if path.exists() else []


if __name__ == "__main__":
    MILLRACE = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
