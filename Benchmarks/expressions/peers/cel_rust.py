"""The `cel` crate of Rust, through its Python package."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import cel

sys.path.insert(0, str(Path(__file__).parents[1]))
import evaluating


def compiled(text: str):
    program = cel.compile(text)
    return program.execute


if __name__ == "__main__":
    if sys.argv[1] == "--about":
        print(json.dumps({"title": "cel-rust", "version": version("common-expression-language")}))
    else:
        evaluating.answer(sys.argv[1], compiled, lambda value: value)
