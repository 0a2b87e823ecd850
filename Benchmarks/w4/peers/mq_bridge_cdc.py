"""mq-bridge: a route from its pgoutput reader into a file. Its SQL output has no deletes, so it has no row into PostgreSQL."""

import json
import os
import signal
import sys
from importlib.metadata import version

import mq_bridge


def main() -> None:
    source = {"postgres_cdc": {"url": os.environ["SOURCE_TCP_URL"], "publication": "w4", "slot_name": "w4", "create_slot": False, "create_publication": False}}
    output = {"file": {"path": os.environ["RESULT"], "format": "raw"}}
    route = mq_bridge.Route.from_config({"input": source, "output": output, "batch_size": 1024})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    route.start()
    route.join()


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(json.dumps({"title": "mq-bridge", "version": version("mq-bridge"), "variants": ["file"]}))
    else:
        main()
