# SPDX-License-Identifier: Apache-2.0
"""What `ordered-bench compare --json` wrote: read for bench-short and bench-targets."""

import json
import pathlib
import sys

DEFAULT = pathlib.Path(__file__).resolve().parent.parent / "Benchmarks/results/bench.json"


def load(arguments):
    """The first report of the command line, or the last benchmark's; scenarios that a later one has are taken from that."""
    paths = arguments or [DEFAULT]
    first, *later = (json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in paths)
    for report in later:
        scenarios = {row["scenario"] for row in report["summaries"]}
        first["summaries"] = [r for r in first["summaries"] if r["scenario"] not in scenarios] + report["summaries"]
    return first


def heading(data):
    machine = data["machine"]
    return f"{machine['processor']}, {machine['processors']} processors, {machine['date'][:10]}, {machine['versions'][0]}"
