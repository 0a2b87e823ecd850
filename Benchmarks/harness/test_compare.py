"""The comparer must see what differs, and nothing else: python3 -m unittest discover Benchmarks"""

import os
import tempfile
import unittest

from harness import compare


def same(record: dict) -> dict:
    return record


def odd(record: dict) -> dict | None:
    return record if record["a"] % 2 else None


class Comparing(unittest.TestCase):
    def problems(self, expected: str, result: str, ordered: bool = True, mapping=same) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("expected", "result")]
            for path, text in zip(paths, (expected, result)):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            wanted = compare.digests(paths[0], mapping)
            return compare.differences(wanted, paths[0], mapping, paths[1], ordered)

    def test_spelling_does_not_count(self):
        self.assertEqual(self.problems('{"a":1.50,"b":"\\u00e9"}\n', '{"b": "é", "a": 15e-1}\n'), [])
        self.assertEqual(self.problems('{"a":100}\n', '{"a":1E2}\n'), [])

    def test_values_count(self):
        for other in ('{"a":1.51}', '{"a":"1.50"}', '{"a":null}', '{"b":1.50}', '{"a":1.50,"b":null}', '{"a":[1.50]}', '{"a":true}'):
            self.assertEqual(len(self.problems('{"a":1.50}\n', other + "\n")), 1, other)

    def test_digits_count_beyond_a_double(self):
        self.assertEqual(len(self.problems('{"a":9007199254740993}\n', '{"a":9007199254740992}\n')), 1)
        self.assertEqual(len(self.problems('{"a":0.12345678901234567890123456789012345678}\n', '{"a":0.12345678901234568}\n')), 1)

    def test_order_counts_only_where_it_is_kept(self):
        lines = '{"a":1}\n{"a":2}\n'
        turned = '{"a":2}\n{"a":1}\n'
        self.assertEqual(len(self.problems(lines, turned)), 2)
        self.assertEqual(self.problems(lines, turned, ordered=False), [])

    def test_lost_doubled_and_broken_records(self):
        lines = '{"a":1}\n{"a":2}\n'
        for ordered in (True, False):
            self.assertNotEqual(self.problems(lines, '{"a":1}\n', ordered), [])
            self.assertNotEqual(self.problems(lines, lines + '{"a":2}\n', ordered), [])
            self.assertNotEqual(self.problems(lines, '{"a":1}\n{"a":1}\n', ordered), [])
            self.assertIn("not JSON", self.problems(lines, '{"a":1}\n{"a":', ordered)[0])

    def test_what_the_mapping_leaves_out_is_not_expected(self):
        self.assertEqual(self.problems('{"a":1}\n{"a":2}\n{"a":3}\n', '{"a":1}\n{"a":3}\n', mapping=odd), [])


if __name__ == "__main__":
    unittest.main()
