#!/usr/bin/env python3
"""Compares what a pipeline maps with Google's implementation of CEL, on generated expressions over generated records.

    pip install cel-expr-python protobuf
    Tests/Differential/rows.py [--count N] [--seed S] [--millrace PATH]

The records have fields that are missing, null, or of another type than most (not a bool, of which theirs makes an int). An expression that fails gives null in the
pipeline (`on_error: null`). Prints each difference and ends with 1 if there was one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_encoders, ext_math, ext_optional, ext_strings

from expressions import DOUBLES, INTS, TEXTS, VARIABLES, Generator

FIELDS_A_PIPELINE = 25
ROWS = 40
# JSON has no unsigned numbers.
BOUND = [name for name in VARIABLES if name != "u"]


class RowGenerator(Generator):
    """Expressions over `record`: such as the other differential test has, and the forms that need no evaluation."""

    def expression(self, depth):
        return self.form(depth) if self.random.random() < 0.6 else self.bound(self.any(depth))

    def bound(self, text):
        for name in reversed(BOUND):
            text = f"cel.bind({name}, record.{name}, {text})"
        return text

    def uint(self, depth):
        return self.random.choice(["0u", "1u", "7u"])

    def path(self):
        return self.random.choice(
            ["record.i", "record.d", "record.s", "record.t", "record.b", "record.n", "record.missing", "record.r.name",
             "record.r.inner.x", "record.r.tags[0]", "record.l[1]", "record.m.a"])

    def form(self, depth):
        """A value: a path, a literal, or what is made of them by the functions that mappings use most."""
        if depth <= 0:
            return self.pick(self.path, self.path, self.literal_text, lambda: str(self.random.choice(INTS[:9])))
        sub = depth - 1
        return self.pick(
            self.path, lambda: f"{self.form(sub)}.{self.random.choice(['trim', 'lowerAscii', 'upperAscii'])}()",
            lambda: f"int({self.pick(self.path, self.literal_text).replace('record.b', 'record.n')})", lambda: f"string({self.form(sub)})",
            lambda: f"({self.test(sub)} ? dyn({self.form(sub)}) : dyn({self.form(sub)}))",
            lambda: f"({self.test(sub)} ? {self.literal_text()} : {self.literal_text()})",
            lambda: f"{{'abc': 1, 'a': 2}}[{self.form(sub)}]",
            lambda: f"{{'abc': 'x', '12': 'y'}}[?{self.form(sub)}].orValue({self.literal_text()})",
            lambda: f"record.?{self.random.choice(['s', 'n', 'missing', 'd'])}.orValue({self.form(sub)})",
            lambda: self.test(sub))

    def test(self, depth):
        literal = lambda: self.random.choice([self.literal_text(), str(self.random.choice(INTS[:9])), "1.5", "0.1", "null", "true"])
        compared = lambda: f"{self.path()} {self.random.choice(['==', '!=', '<', '<=', '>', '>='])} {literal()}"
        if depth <= 0:
            return self.pick(compared, self.path, lambda: f"has(record.{self.random.choice(['s', 'missing', 'n', 'r.inner'])})")
        sub = depth - 1
        return self.pick(
            compared, lambda: f"!({self.test(sub)})", lambda: f"({self.test(sub)} && {self.test(sub)})",
            lambda: f"({self.test(sub)} || {self.test(sub)})", lambda: f"({self.form(sub)} in ['abc', 'a', ''])",
            lambda: f"has(record.{self.random.choice(['s', 'missing', 'n', 'r.inner'])})")

    def record(self):
        record = {name: value for name, value in self.row().items() if name != "u"}
        record["e"] = self.random.choice(DOUBLES)
        record["n"] = None
        for name in self.random.sample(sorted(record), self.random.randrange(3)):
            if self.random.random() < 0.3:
                del record[name]
            else:
                record[name] = self.random.choice([None, self.random.choice(INTS), self.random.choice(DOUBLES),
                                                   self.random.choice(TEXTS), [], {}])
        return record


def theirs(environment, expressions, records):
    """For each record the value of each expression, None where it fails; an expression that is refused has none at all."""
    programs = []
    for text in expressions:
        try:
            programs.append(environment.compile(text))
        except (RuntimeError, ValueError, TypeError):
            programs.append(None)
    return [[plain(program, record) for program in programs] for record in records], [p is None for p in programs]


def plain(program, record):
    try:
        return value_of(program.eval(data={"record": record})) if program else None
    except (RuntimeError, ValueError, TypeError):
        return None


def value_of(value):
    # Asked for the value of a null, theirs (0.1.3) lets go of Python's None once too often.
    if value.type().name() in ("ERROR", "NULL"):
        return None
    found = value.value()
    if isinstance(found, list):
        return [value_of(item) for item in found]
    if isinstance(found, dict):
        return {key: value_of(item) for key, item in found.items()}
    return found


def ours(millrace, expressions, records, folder):
    with open(os.path.join(folder, "in.ndjson"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=number % 2 == 0) + "\n" for number, record in enumerate(records))
    pipeline = {
        "millrace": 1, "name": "rows", "source": {"type": "file", "path": "in.ndjson"},
        "mappings": {f"f{n}": {"from": text, "on_error": "null"} for n, text in enumerate(expressions)},
        "target": {"type": "file", "path": "out.ndjson", "write": "replace"},
    }
    # JSON is YAML.
    with open(os.path.join(folder, "rows.yaml"), "w", encoding="utf-8") as file:
        json.dump(pipeline, file, ensure_ascii=False)
    environment = {**os.environ, "MILLRACE_STATE": tempfile.mkdtemp(dir=folder)}
    run = subprocess.run([millrace, "run", "--once", os.path.join(folder, "rows.yaml")], env=environment, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"the pipeline ended with {run.returncode}:\n{run.stderr}")
    with open(os.path.join(folder, "out.ndjson"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def accepted(millrace, text):
    """Whether the expression may stand in a pipeline."""
    request = json.dumps({"id": 1, "expr": text, "check_only": True, "type_env": [{"name": "record", "type": "dyn"}]})
    answer = subprocess.run([millrace, "eval", "--lines"], input=request + "\n", capture_output=True, text=True, check=True)
    return "type" in json.loads(answer.stdout)


def same(ours, theirs, inside=False):
    """Numbers of a list or map are written without their type."""
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(same(a, b, True) for a, b in zip(ours, theirs))
    if isinstance(theirs, dict):
        named = {json.dumps(k) if isinstance(k, bool) else str(k): v for k, v in theirs.items()}
        return isinstance(ours, dict) and ours.keys() == named.keys() and all(same(ours[k], v, True) for k, v in named.items())
    if isinstance(theirs, float) and theirs in (float("inf"), float("-inf")) or theirs != theirs:
        return ours in ("Infinity", "-Infinity", "NaN")
    if inside and isinstance(theirs, float):
        return isinstance(ours, (int, float)) and float(ours) == theirs
    return ours == theirs and (inside or isinstance(ours, float) == isinstance(theirs, float) and isinstance(ours, bool) == isinstance(theirs, bool))


def is_known(expression, ours, theirs):
    """What the standard leaves open: %d of a double has six digits there, and null is no key to ask a map for."""
    return "%d" in expression or " in " in expression and ours is not None and theirs is None


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--millrace", default=".build/debug/millrace")
    options = options.parse_args()

    extensions = [ext_math.ExtMath(), ext_strings.ExtStrings(), ext_optional.ExtOptional(),
                  ext_encoders.ExtEncoders(), ext_bindings.ExtBindings()]
    environment = cel.NewEnv(variables={"record": cel.Type.DYN}, extensions=extensions)
    generator = RowGenerator(options.seed)
    differences = compared = failed = 0
    while compared < options.count * ROWS:
        expressions = []
        while len(expressions) < FIELDS_A_PIPELINE:
            text = generator.expression(generator.random.randrange(1, 4))
            if accepted(options.millrace, text):
                expressions.append(text)
        records = [generator.record() for _ in range(ROWS)]
        wanted, refused = theirs(environment, expressions, records)
        with tempfile.TemporaryDirectory() as folder:
            made = ours(options.millrace, expressions, records, folder)
        for record, row, values in zip(records, made, wanted):
            for number, value in enumerate(values):
                if refused[number]:
                    continue
                compared += 1
                failed += value is None
                # A path alone is copied, and left out where there is nothing.
                own = row.get(f"f{number}")
                if not same(own, value) and not is_known(expressions[number], own, value):
                    differences += 1
                    print(f"{expressions[number]}\n  record {json.dumps(record)}\n  theirs {value!r}\n  ours   {own!r}")
    print(f"{compared} values, {failed} of them null or an error, {differences} differences, seed {options.seed}")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
