#!/usr/bin/env python3
"""Compares `millrace eval --lines` with Google's implementation of CEL on generated expressions.

    pip install cel-expr-python protobuf
    Tests/Differential/expressions.py [--count N] [--seed S] [--millrace PATH ...]

Both evaluate the same expressions over the same rows. They must give equal values of the same types, or both an
error. Prints each difference and ends with 1 if there was one.
"""

import argparse
import base64
import datetime
import json
import math
import random
import subprocess
import sys

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_encoders, ext_math, ext_optional, ext_strings

VARIABLES = {
    "i": ("int", cel.Type.INT), "j": ("int", cel.Type.INT), "u": ("uint", cel.Type.UINT),
    "d": ("double", cel.Type.DOUBLE), "e": ("double", cel.Type.DOUBLE), "s": ("string", cel.Type.STRING),
    "t": ("string", cel.Type.STRING), "b": ("bool", cel.Type.BOOL), "l": ("list(int)", cel.Type.List(cel.Type.INT)),
    "m": ("map(string, int)", cel.Type.Map(cel.Type.STRING, cel.Type.INT)), "r": ("dyn", cel.Type.DYN),
}
INTS = [0, 1, -1, 2, 3, 7, 10, 100, -42, 2**31, 2**53, 2**63 - 1, -(2**63)]
DOUBLES = [0.0, -0.0, 1.0, -1.5, 0.1, 2.5, 1e10, 1e-7, 123456.789, 1e300, 9007199254740993.0]
TEXTS = ["", "a", "abc", "b,c", "ta©o©αT", "e\u0301", "\u00e9", "😀x", " pad ", "ABCabc", "12", "-7", "1.5", "true"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = 0

    def pick(self, *makers):
        return self.random.choice(makers)()

    def literal_text(self):
        return json.dumps(self.random.choice(TEXTS), ensure_ascii=self.random.random() < 0.5)

    def int(self, depth):
        literal = lambda: str(self.random.choice(INTS[:9]))
        variable = lambda: self.random.choice(["i", "j"])
        if depth <= 0:
            return self.pick(literal, variable)
        sub = depth - 1
        return self.pick(
            literal, variable,
            lambda: f"({self.int(sub)} {self.random.choice('+-*/%')} {self.int(sub)})",
            lambda: f"-({self.int(sub)})",
            lambda: f"size({self.pick(lambda: self.text(sub), lambda: self.list(sub), lambda: self.map(sub))})",
            lambda: f"({self.bool(sub)} ? {self.int(sub)} : {self.int(sub)})",
            lambda: f"{self.list(sub)}[{self.int(0)}]",
            lambda: f"{self.map(sub)}[{self.text(0)}]",
            lambda: "m." + self.random.choice(["a", "b", "missing"]),
            lambda: "r." + self.random.choice(["n", "name", "missing", "tags", "inner.x"]),
            lambda: f"int({self.pick(lambda: self.double(sub), lambda: self.text(0), lambda: self.uint(sub))})",
            lambda: f"math.{self.random.choice(['greatest', 'least'])}({self.int(sub)}, {self.int(sub)})",
            lambda: f"math.abs({self.int(sub)})",
            lambda: f"{self.text(sub)}.indexOf({self.text(0)})",
            lambda: f"{self.text(sub)}.lastIndexOf({self.text(0)})",
            lambda: f"{self.map(sub)}[?{self.text(0)}].orValue({self.int(sub)})",
            lambda: self.bind(self.int, sub),
        )

    def uint(self, depth):
        if depth <= 0:
            return self.pick(lambda: str(self.random.choice([0, 1, 2, 10, 2**63])) + "u", lambda: "u")
        sub = depth - 1
        return self.pick(
            lambda: "u", lambda: f"({self.uint(sub)} {self.random.choice('+-*/%')} {self.uint(sub)})",
            lambda: f"uint({self.pick(lambda: self.int(sub), lambda: self.double(sub))})")

    def double(self, depth):
        literal = lambda: repr(self.random.choice(DOUBLES))
        if depth <= 0:
            return self.pick(literal, lambda: self.random.choice(["d", "e"]))
        sub = depth - 1
        return self.pick(
            literal, lambda: self.random.choice(["d", "e"]),
            lambda: f"({self.double(sub)} {self.random.choice('+-*/')} {self.double(sub)})",
            lambda: f"double({self.pick(lambda: self.int(sub), lambda: self.text(0), lambda: self.uint(sub))})",
            lambda: f"math.{self.random.choice(['ceil', 'floor', 'round', 'trunc', 'abs', 'sign'])}({self.double(sub)})",
            lambda: f"({self.bool(sub)} ? {self.double(sub)} : {self.double(sub)})")

    def text(self, depth):
        if depth <= 0:
            return self.pick(self.literal_text, lambda: self.random.choice(["s", "t"]))
        sub = depth - 1
        return self.pick(
            self.literal_text, lambda: self.random.choice(["s", "t"]),
            lambda: f"({self.text(sub)} + {self.text(sub)})",
            lambda: f"string({self.pick(lambda: self.int(sub), lambda: self.uint(sub), lambda: self.bool(sub))})",
            lambda: f"{self.text(sub)}.{self.random.choice(['lowerAscii', 'upperAscii', 'trim', 'reverse'])}()",
            lambda: f"{self.text(sub)}.charAt({self.int(0)})",
            lambda: f"{self.text(sub)}.substring({self.int(0)})",
            lambda: f"{self.text(sub)}.substring({self.int(0)}, {self.int(0)})",
            lambda: f"{self.text(sub)}.replace({self.text(0)}, {self.text(0)})",
            lambda: f"{self.text(sub)}.replace({self.text(0)}, {self.text(0)}, {self.int(0)})",
            lambda: f"{self.text(sub)}.split({self.text(0)}).join({self.text(0)})",
            lambda: f"strings.quote({self.text(sub)})",
            lambda: f"'%s %d %x'.format([{self.text(sub)}, {self.int(sub)}, {self.int(sub)}])",
            lambda: f"'%.2f %e'.format([{self.double(0)}, {self.double(0)}])",
            lambda: self.bind(self.text, sub))

    def bool(self, depth):
        if depth <= 0:
            return self.pick(lambda: "true", lambda: "false", lambda: "b")
        sub = depth - 1
        kind = self.random.choice([self.int, self.double, self.text, self.uint])
        order = lambda: self.random.choice(["==", "!=", "<", "<=", ">", ">="])
        return self.pick(
            lambda: "b", lambda: f"({kind(sub)} {order()} {kind(sub)})",
            lambda: f"(dyn({self.int(sub)}) {order()} {self.double(sub)})",
            lambda: f"(dyn({self.uint(sub)}) {order()} {self.int(sub)})",
            lambda: f"({self.bool(sub)} {self.random.choice(['&&', '||'])} {self.bool(sub)})",
            lambda: f"!({self.bool(sub)})",
            lambda: f"({self.int(sub)} in {self.list(sub)})",
            lambda: f"({self.text(0)} in {self.map(sub)})",
            lambda: f"({self.list(sub)} == {self.list(sub)})",
            lambda: f"({self.map(sub)} == {self.map(sub)})",
            lambda: f"{self.text(sub)}.{self.random.choice(['contains', 'startsWith', 'endsWith'])}({self.text(0)})",
            lambda: f"{self.text(sub)}.matches({self.random.choice(PATTERNS)})",
            lambda: f"has(r.{self.random.choice(['n', 'missing', 'inner.x', 'inner.y'])})",
            lambda: self.quantifier(sub),
            lambda: f"math.isNaN({self.double(sub)})")

    def quantifier(self, depth):
        name = self.fresh()
        kind = self.random.choice(["all", "exists", "exists_one"])
        return f"{self.list(depth)}.{kind}({name}, {name} {self.random.choice(['<', '==', '>='])} {self.int(depth)})" \
            if self.random.random() < 0.8 else f"{self.list(depth)}.{kind}({name}, {self.bool(depth)})"

    def list(self, depth):
        if depth <= 0:
            return self.pick(lambda: "l", lambda: "[]", lambda: "[1, 2, 3]")
        sub = depth - 1
        name = self.fresh()
        return self.pick(
            lambda: "l", lambda: f"[{self.int(sub)}, {self.int(sub)}]",
            lambda: f"({self.list(sub)} + {self.list(sub)})",
            lambda: f"{self.list(sub)}.map({name}, {name} + {self.int(sub)})",
            lambda: f"{self.list(sub)}.map({name}, {name} > {self.int(0)}, {name} * 2)",
            lambda: f"{self.list(sub)}.filter({name}, {name} != {self.int(sub)})",
            lambda: f"[{self.int(sub)}, ?{self.map(sub)}[?{self.text(0)}]]")

    def map(self, depth):
        if depth <= 0:
            return self.pick(lambda: "m", lambda: "{}", lambda: "{'a': 1, 'abc': 2}")
        sub = depth - 1
        return self.pick(
            lambda: "m", lambda: f"{{{self.literal_text()}: {self.int(sub)}, {self.text(0)}: {self.int(sub)}}}",
            lambda: f"{{'k': {self.int(sub)}, ?'o': {self.map(sub)}[?{self.text(0)}]}}")

    def bind(self, maker, depth):
        name = self.fresh()
        return f"cel.bind({name}, {maker(depth)}, {maker(depth)} == {name} ? {maker(0)} : {name})"

    def fresh(self):
        self.names += 1
        return f"x{self.names}"

    def any(self, depth):
        return self.pick(*(lambda f=f: f(depth) for f in
                           (self.int, self.uint, self.double, self.text, self.bool, self.list, self.map)))

    def row(self):
        r = self.random
        return {
            "i": r.choice(INTS), "j": r.choice(INTS), "u": r.choice([0, 1, 5, 2**64 - 1]), "d": r.choice(DOUBLES),
            "e": r.choice(DOUBLES + [math.inf, math.nan]), "s": r.choice(TEXTS), "t": r.choice(TEXTS),
            "b": r.choice([True, False]), "l": [r.choice(INTS) for _ in range(r.randrange(4))],
            "m": {k: r.choice(INTS) for k in r.sample(["a", "b", "abc", "k"], r.randrange(4))},
            "r": {"n": r.choice(INTS), "name": r.choice(TEXTS), "tags": ["x", "y"], "inner": {"x": r.choice(DOUBLES)}},
        }


PATTERNS = ["'a'", "'^[a-z]+$'", "'(?i)ABC'", "'.'", r"r'\d+'", "'^$'"]


def tagged(value, kind=None):
    """A value of a row as a tagged value of the line protocol."""
    if kind == "uint":
        return {"t": "uint", "v": str(value)}
    if isinstance(value, bool):
        return {"t": "bool", "v": value}
    if isinstance(value, int):
        return {"t": "int", "v": str(value)}
    if isinstance(value, float):
        text = "NaN" if math.isnan(value) else repr(value).replace("inf", "Infinity")
        return {"t": "double", "v": text}
    if isinstance(value, str):
        return {"t": "string", "v": value}
    if isinstance(value, list):
        return {"t": "list", "v": [tagged(item) for item in value]}
    return {"t": "map", "v": [[tagged(k), tagged(v)] for k, v in value.items()]}


def theirs(environment, expression, row):
    """The outcome of Google's implementation, in a form that compares: (type, value), or an error."""
    try:
        return comparable(environment.compile(expression).eval(data=row))
    except (RuntimeError, ValueError, TypeError) as error:
        return ("error", str(error).split("\n")[0])


def comparable(value):
    name = value.type().name()
    plain = value.value()
    if name == "ERROR":
        return ("error", str(plain))
    if name.startswith("LIST"):
        return ("list", [comparable(item) for item in plain])
    if name.startswith("MAP"):
        return ("map", sorted((repr(k), comparable(v)) for k, v in plain.items()))
    if name == "DOUBLE":
        return ("double", "nan" if math.isnan(plain) else repr(plain))
    return (name.lower(), plain)


def ours(answer):
    if "error" in answer:
        return ("error", answer["error"]["message"])
    return untagged(answer["value"])


def untagged(value):
    kind, content = value["t"], value.get("v")
    if kind in ("int", "uint"):
        return (kind, int(content))
    if kind == "double":
        number = float(content)
        return (kind, "nan" if math.isnan(number) else repr(number))
    if kind == "list":
        return (kind, [untagged(item) for item in content])
    if kind == "map":
        return (kind, sorted((repr(untagged(k)[1]), untagged(v)) for k, v in content))
    return (kind, content)


def same(theirs, ours):
    # Theirs (0.1.3) counts bytes where substring() ends at the end of a text that is not ASCII.
    if theirs[0] == "error" and "greater than <string>.size()" in theirs[1]:
        return True
    return theirs[0] == ours[0] == "error" or theirs == ours


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=5000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--millrace", nargs="+", default=[".build/debug/millrace", "eval", "--lines"])
    options = options.parse_args()

    extensions = [ext_math.ExtMath(), ext_strings.ExtStrings(), ext_optional.ExtOptional(),
                  ext_encoders.ExtEncoders(), ext_bindings.ExtBindings()]
    environment = cel.NewEnv(variables={n: t for n, (_, t) in VARIABLES.items()}, extensions=extensions)
    declared = [{"name": name, "type": text} for name, (text, _) in VARIABLES.items()]
    generator = Generator(options.seed)
    work = [(generator.any(generator.random.randrange(1, 5)), generator.row()) for _ in range(options.count)]

    requests = "".join(
        json.dumps({"id": n, "expr": e, "type_env": declared,
                    "bindings": {k: tagged(v, VARIABLES[k][0]) for k, v in row.items()}}) + "\n"
        for n, (e, row) in enumerate(work))
    answers = subprocess.run(options.millrace, input=requests, text=True, capture_output=True, check=True).stdout
    answers = {answer["id"]: answer for answer in map(json.loads, answers.splitlines())}

    differences = errors = 0
    for number, (expression, row) in enumerate(work):
        their, our = theirs(environment, expression, row), ours(answers[number])
        errors += our[0] == "error"
        if not same(their, our):
            differences += 1
            print(f"{expression}\n  row    {row}\n  theirs {their}\n  ours   {our}")
    print(f"{len(work)} expressions, {errors} of them errors, {differences} differences, seed {options.seed}")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
