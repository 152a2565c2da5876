# SPDX-License-Identifier: Apache-2.0
"""Latency percentiles of paced requests: the percentile axis counts nines."""

from style import Pens, duration, finish, label_durations, legend, plt

RATES = {
    "paced-1000": "Latency at 1,000 items a second",
    "paced-10000": "Latency at 10,000 items a second",
    "paced-100000": "Latency at 100,000 items a second",
    "burst-256": "Latency of bursts of 256 items",
}
FACES = ["spsc-parked", "c-thread", "c-sink", "transform-thread", "closure-thread", "taskgroup"]
PEERS_SHOWN = 5
# Where the curves begin: below lie a few items that were requested late and delivered at once.
LOWEST = 10
TICKS = [50, 90, 99, 99.9, 99.99]


def draw(report, folder):
    return [curves(report, folder, name, title) for name, title in RATES.items() if report.summaries(name)]


def curves(report, folder, scenario, title):
    rows = [row for row in report.summaries(scenario) if row.get("latencyCurve")]
    peers = sorted((row for row in rows if row["subject"] in report.peers), key=lambda row: row["p50"]["median"])
    shown = [row for row in rows if row["subject"] in FACES] + peers[:PEERS_SHOWN]
    figure, axes = plt.subplots(figsize=(10.5, 5.6))
    pens = Pens(report)
    for row in shown:
        pen = pens.next(row["subject"])
        points = [(nines(p["percentile"]), max(p["nanoseconds"], 1)) for p in row["latencyCurve"] if p["percentile"] >= LOWEST]
        label = f"{row['subject']}: p50 {duration(row['p50']['median'])}, p99 {duration(row['p99']['median'])}"
        axes.plot(*zip(*points), label=label, markevery=8, **pen)
    most = max(nines(row["latencyCurve"][-1]["percentile"]) for row in shown)
    ticks = [tick for tick in TICKS if nines(tick) <= most * 1.1]
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(left=nines(LOWEST))
    axes.set_xticks([nines(tick) for tick in ticks])
    axes.set_xticklabels([f"{tick:g} %" for tick in ticks])
    axes.xaxis.set_minor_locator(plt.NullLocator())
    label_durations(axes.yaxis)
    axes.set_xlabel("percentile of all runs' items")
    axes.set_ylabel("from the intended time of the request to its delivery")
    count = min(PEERS_SHOWN, len(peers))
    legend(axes, title=f"medians of the runs; the {count} peers with the lowest p50" if peers else None)
    return finish(figure, axes, report, folder, f"latency-{scenario}", title)


def nines(percentile):
    """1 for 0 %, 10 for 90 %, 100 for 99 %."""
    return 100 / (100 - min(percentile, 99.99999))
