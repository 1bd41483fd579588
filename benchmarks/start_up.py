"""Processor time of `leadline --help`: aim under half a second, as nothing heavy is imported before it is needed."""

import resource
import subprocess
import sys
from statistics import median

ROUNDS = 7


def processor_seconds() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "monitor.cli", "--help"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    spent = [processor_seconds() for _ in range(ROUNDS)]
    low, high = min(spent), max(spent)
    print(f"leadline --help: {median(spent):.2f} s of processor time ({low:.2f}-{high:.2f} in {ROUNDS} rounds)")


if __name__ == "__main__":
    main()
