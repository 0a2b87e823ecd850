"""Millrace: a webhook source, and the whole pipeline behind it at work at the same time."""

import json
import os
import subprocess
import sys

PIPELINE = """millrace: 1
name: w6
source: {{type: webhook, listen: "127.0.0.1:{port}", path: /hook, log: log, event: {{id: /id, key: /data/sku}}}}
mappings: {{event: meta.event_id, sku: record.data.sku, price: record.data.price}}
target: {{type: file, path: result.ndjson, format: ndjson, write: append}}
"""


def main(port: str, folder: str) -> None:
    os.chdir(folder)
    with open("w6.yaml", "w", encoding="utf-8") as file:
        file.write(PIPELINE.format(port=port))
    os.execv(os.environ["MILLRACE_BINARY"], ["millrace", "run", "--quiet", "w6.yaml"])


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        said = subprocess.run([os.environ["MILLRACE_BINARY"], "--version"], capture_output=True, text=True, check=True)
        print(json.dumps({"title": "Millrace", "version": said.stdout.strip().removeprefix("millrace "), "ordered": True}))
    else:
        main(*sys.argv[1:])
