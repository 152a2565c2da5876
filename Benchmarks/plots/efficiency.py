# SPDX-License-Identifier: Apache-2.0
"""How cost and efficiency depend on the work in an item: the METG figure of Task Bench, and nanoseconds per item."""

from style import Pens, duration, finish, label_durations, legend, plt

FEWEST = 6


def draw(report, folder):
    curves = {name: report.curve(name) for name in report.order if name != "serial"}
    curves = {name: curve for name, curve in curves.items() if len(curve) >= FEWEST}
    if not curves:
        return []
    return [efficiency(report, folder, curves), cost(report, folder, curves)]


def efficiency(report, folder, curves):
    figure, axes = plt.subplots(figsize=(10.5, 5.6))
    pens = Pens(report)
    granularity = {row["subject"]: row for row in report.data["granularities"]}
    for name, curve in curves.items():
        pen = pens.next(name)
        points = [(work, row["efficiency"]) for work, row in curve if row.get("efficiency")]
        half, ninety = (granularity.get(name, {}).get(key) for key in ("half", "ninetyPercent"))
        label = f"{name}: 50 % {short(half)}, 90 % {short(ninety)}"
        axes.plot(*zip(*[(work, 100 * share) for work, share in points]), label=label, **pen)
        for goal, work in ((50, half), (90, ninety)):
            if work:
                axes.plot(work, goal, marker="o", markersize=11, fillstyle="none", color=pen["color"], linewidth=0)
    for goal in (50, 90):
        axes.axhline(goal, color="#000000", linewidth=1, linestyle=":")
    axes.set_xscale("log")
    label_durations(axes.xaxis)
    axes.set_ylim(0, 104)
    axes.set_yticks([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    axes.set_xlabel("work in an item")
    axes.set_ylabel(f"share of {report.cores} cores' time in items, %")
    legend(axes, title="circles: where 50 % and 90 % are reached")
    return finish(figure, axes, report, folder, "efficiency", "Efficiency against the work in an item")


def short(nanoseconds):
    return duration(nanoseconds) if nanoseconds else "–"


def cost(report, folder, curves):
    figure, axes = plt.subplots(figsize=(10.5, 5.6))
    pens = Pens(report)
    for name, curve in curves.items():
        points = [(work, row["nanosecondsPerItem"]["median"]) for work, row in curve]
        axes.plot(*zip(*points), label=name, **pens.next(name))
    works = [curve[0][0] for curve in curves.values()] + [curve[-1][0] for curve in curves.values()]
    ends = [min(works), max(works)]
    axes.plot(ends, [work / report.cores for work in ends], color="#000000", linestyle=":", linewidth=1, label="limit")
    axes.set_xscale("log")
    axes.set_yscale("log")
    label_durations(axes.xaxis)
    label_durations(axes.yaxis)
    axes.set_xlabel("work in an item")
    axes.set_ylabel("time per item")
    legend(axes)
    return finish(figure, axes, report, folder, "cost", f"Time per item against the work in it, {report.cores} cores")
