# SPDX-License-Identifier: Apache-2.0
"""Draws the plots of a benchmark: python3 Benchmarks/plots REPORT.json FOLDER."""

import pathlib
import sys

import bars
import efficiency
import latency
import series
from report import Report


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    report = Report(sys.argv[1])
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for drawing in (bars, efficiency, latency, series):
        drawn += drawing.draw(report, folder)
    print("plots: " + (", ".join(drawn) if drawn else "nothing that could be drawn was measured"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
