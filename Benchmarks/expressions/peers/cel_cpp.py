"""cel-cpp, Google's implementation, through its Python package."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

sys.path.insert(0, str(Path(__file__).parents[1]))
import evaluating


def compiled(text: str):
    environment = cel.NewEnv(variables={"record": cel.Type.DYN}, extensions=[ext_strings.ExtStrings()])
    program = environment.compile(text)
    return lambda row: program.eval(data=row)


def plain(value):
    found = value.value()
    if value.type().name() == "ERROR":
        raise ValueError(found)
    return [plain(item) for item in found] if isinstance(found, list) else found


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(json.dumps({"title": "cel-cpp", "version": version("cel-expr-python")}))
    else:
        evaluating.answer(sys.argv[1], compiled, plain)
