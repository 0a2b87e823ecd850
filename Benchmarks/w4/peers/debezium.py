"""Debezium's engine in this process, through pydbzengine: every batch that it gives is stored like those of the other Python."""

import json
import os
import signal
import sys
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))
import stores  # noqa: E402

# Its log goes into the folder that it is loaded in.
os.chdir(os.environ.get("SCRATCH", tempfile.gettempdir()))
from pydbzengine import BasePythonChangeHandler, DebeziumJsonEngine  # noqa: E402


def properties() -> dict[str, str]:
    source = urlsplit(os.environ["SOURCE_TCP_URL"])
    return {
        "name": "w4",
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
        "offset.storage.file.filename": os.path.join(os.environ["SCRATCH"], "offsets"),
        "offset.flush.interval.ms": "1000",
        "database.hostname": source.hostname,
        "database.port": str(source.port),
        "database.user": source.username,
        "database.password": "",
        "database.dbname": source.path.lstrip("/"),
        "topic.prefix": "w4",
        "table.include.list": "public.goods",
        "plugin.name": "pgoutput",
        "slot.name": "w4",
        "publication.name": "w4",
        "publication.autocreate.mode": "disabled",
        "snapshot.mode": "no_data",
        "decimal.handling.mode": "string",
        "tombstones.on.delete": "false",
        "key.converter.schemas.enable": "false",
        "value.converter.schemas.enable": "false",
        # Batches as large as they come, and none waited for longer than a poll of the shortest kind.
        "max.batch.size": "8192",
        "max.queue.size": "16384",
        "poll.interval.ms": "1",
    }


class Handler(BasePythonChangeHandler):
    def __init__(self, target: stores.Table | stores.Lines) -> None:
        self.target = target

    def handleJsonBatch(self, records: list) -> None:
        for record in records:
            change = json.loads(str(record.value()))
            if change.get("op") in ("c", "u"):
                after = change["after"]
                self.target.add(after["id"], [after[name] for name in stores.COLUMNS])
            elif change.get("op") == "d":
                self.target.add(change["before"]["id"], None)
        self.target.store()


def main(target: str) -> None:
    # In all threads, those of the virtual machine too, so that the wait below gets it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    engine = DebeziumJsonEngine(properties(), Handler(stores.named(target)), jvm_opts=["-Xmx512m", "-Xrs"])
    threading.Thread(target=run, args=(engine,), daemon=True).start()
    signal.sigwait({signal.SIGTERM})
    os._exit(0)


def run(engine: DebeziumJsonEngine) -> None:
    try:
        engine.run()
    finally:
        os._exit(1)


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        from pydbzengine.engine.jvm import ensure_jvm_started

        ensure_jvm_started()
        print(json.dumps({"title": "Debezium's engine", "version": f"pydbzengine {version('pydbzengine')}"}))
    else:
        main(sys.argv[1])
