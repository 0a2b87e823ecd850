"""What the peers have in common.

They are libraries, and the way into one from Python and back costs more than an evaluation. So an expression is evaluated
once and many times within one call, as the items of a list, and the difference is what an evaluation costs.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cases import CASES

COPIES = 33
ROUNDS = 3


def answer(rows_path: str, compiled, plain) -> None:
    """Prints for each case the nanoseconds of one evaluation, and the values.

    `compiled` makes of an expression a function of `{"record": row}`, and `plain` of its result a Python value.
    """
    with open(rows_path, encoding="utf-8") as lines:
        rows = [{"record": json.loads(line)} for line in lines]
    measured = {}
    for name, text in CASES.items():
        try:
            once, often = (compiled(f"[{', '.join([text] * copies)}]") for copies in (1, COPIES))
            values = [plain(once(row))[0] for row in rows]
        except Exception as error:  # each library has its own
            print(f"{name}: {str(error).splitlines()[0]}", file=sys.stderr)
            continue
        measured[name] = {"ns": (timed(often, rows) - timed(once, rows)) / (COPIES - 1), "values": values}
    print(json.dumps(measured))


def timed(evaluate, rows: list[dict]) -> float:
    """Nanoseconds of processor time for one call: the best of some rounds over all rows."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time_ns()
        for row in rows:
            evaluate(row)
        rounds.append((time.process_time_ns() - start) / len(rows))
    return min(rounds)
