"""The limit: the server's own subscription, one worker."""

import json
import os
import signal
import sys

import psycopg
import psycopg.conninfo


def main() -> None:
    with psycopg.connect(os.environ["TARGET_URL"], autocommit=True) as connection:
        source = psycopg.conninfo.make_conninfo(os.environ["SOURCE_URL"])
        connection.execute(
            f"CREATE SUBSCRIPTION w4 CONNECTION '{source}' PUBLICATION w4 WITH (slot_name = 'w4', create_slot = false, copy_data = false)"
        )
        signal.sigwait({signal.SIGTERM})
        connection.execute("ALTER SUBSCRIPTION w4 DISABLE")
        connection.execute("ALTER SUBSCRIPTION w4 SET (slot_name = NONE)")
        connection.execute("DROP SUBSCRIPTION w4")


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(json.dumps({"title": "CREATE SUBSCRIPTION (limit)", "version": "PostgreSQL 15", "variants": ["postgres"]}))
    else:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        main()
