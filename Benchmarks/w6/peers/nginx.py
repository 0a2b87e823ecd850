"""nginx that answers 204 and keeps nothing: what an HTTP server can do here at all."""

import json
import os
import subprocess
import sys

CONFIGURATION = """worker_processes auto;
daemon off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{ return 204; }}
  }}
}}
"""


def main(port: str, folder: str) -> None:
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONFIGURATION.format(port=port))
    os.execvp("nginx", ["nginx", "-p", folder, "-c", path])


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
        print(json.dumps({"title": "nginx, 204, stores nothing", "version": said.strip().split("/")[-1], "limit": True}))
    else:
        main(*sys.argv[1:])
