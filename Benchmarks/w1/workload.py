"""W1: product-change events from file to file, twelve mapped fields and a filter."""

from harness.compete import Workload
from w1.expected import expected
from w1.generate import Shape, ensured

WORKLOAD = Workload(
    name="w1",
    title="W1: product events, file to file, twelve mapped fields and a filter",
    events=lambda records, folder: ensured(Shape(records=records), folder),
    expected=expected,
)
