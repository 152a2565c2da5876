# SPDX-License-Identifier: Apache-2.0
"""All participants of a scenario beside each other: nanoseconds per item."""

import math

from style import finish, plt

TITLES = {
    "trivial": "Trivial items: time per item",
    "1us": "Items of 1 µs: time per item",
    "10us": "Items of 10 µs: time per item",
    "tail-1us": "Heavy tail, every 64th item 50 µs: time per item",
}


def draw(report, folder):
    return [bar_chart(report, folder, name, title) for name, title in TITLES.items() if report.summaries(name)]


def bar_chart(report, folder, scenario, title):
    rows = sorted(report.summaries(scenario), key=lambda row: -row["nanosecondsPerItem"]["median"])
    figure, axes = plt.subplots(figsize=(9, 1.3 + 0.27 * len(rows)))
    times = [row["nanosecondsPerItem"] for row in rows]
    medians = [time["median"] for time in times]
    spread = [
        [time["median"] - time["lowest"] for time in times],
        [time["highest"] - time["median"] for time in times],
    ]
    colors = [
        "#0072B2" if report.is_ours(row["subject"]) else "#E69F00" if row["subject"] in report.peers else "#AAAAAA"
        for row in rows
    ]
    axes.barh(range(len(rows)), medians, color=colors, xerr=spread, error_kw={"elinewidth": 1, "ecolor": "#444444"})
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels([row["subject"] for row in rows], fontsize=9)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.set_xscale("log")
    axes.set_xlabel("nanoseconds per item (log scale); bars: median, lines: lowest to highest run")
    axes.grid(axis="y", visible=False)
    right = max(time["highest"] for time in times)
    for i, time in enumerate(times):
        text = f"{time['median']:.3g}" if time["median"] < 1000 else f"{time['median']:.0f}"
        axes.text(time["highest"] * 1.06, i, text, va="center", fontsize=8)
    axes.set_xlim(left=10 ** math.floor(math.log10(min(medians) / 2)), right=right * 1.9)
    handles = [plt.Rectangle((0, 0), 1, 1, color=color) for color in ("#0072B2", "#E69F00", "#AAAAAA")]
    axes.legend(handles, ["this library", "peers", "measures, TaskGroup"], loc="upper right", fontsize=9)
    if scenario != "trivial":
        serial = next((row for row in rows if row["subject"] == "serial"), None)
        if serial:
            ideal = serial["nanosecondsPerItem"]["median"] / report.cores
            axes.axvline(ideal, color="#000000", linewidth=1, linestyle=":")
            axes.text(ideal, len(rows) - 0.35, f" {report.cores} cores' limit", fontsize=8, va="bottom")
    return finish(figure, axes, report, folder, f"throughput-{scenario}", title)
