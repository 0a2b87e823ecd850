"""What all benchmarks share: finding peers, measuring a process, comparing results, writing tables."""
