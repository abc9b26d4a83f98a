#!/usr/bin/env python3
"""Draws growth-results.json of castore-bench as one chart, both axes logarithmic.

    draw_growth.py growth-results.json docs/growth.svg ["what it was measured on"]
"""

import json
import math
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 76, 196, 56, 72

# (member of a row, label, colour on light, colour on dark)
LINES = [
    ("cli_us", "castore-cli get-aggregate,\nwhole process", "#6f42c1", "#b392f0"),
    ("read_us", "read an aggregate\nof 100 events, typed", "#0969da", "#58a6ff"),
    ("push_us", "push an event, typed,\nsynchronous=OFF", "#bc4c00", "#f0883e"),
    ("list_us", "list a page of\n100 aggregate ids", "#1a7f37", "#56d364"),
]

STYLE = """
  text {{ font: 13px system-ui, sans-serif; fill: #1f2328; }}
  .title {{ font-size: 16px; font-weight: 600; }}
  .note {{ font-size: 11px; fill: #59636e; }}
  .grid {{ stroke: #d1d9e0; }}
  .minor {{ stroke: #d1d9e0; opacity: .4; }}
  .axis {{ stroke: #59636e; }}
{light}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #e6edf3; }}
    .note {{ fill: #9198a1; }}
    .grid, .minor {{ stroke: #3d444d; }}
    .axis {{ stroke: #9198a1; }}
{dark}
  }}
"""

SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def duration(exponent):
    """10 to the exponent microseconds, for people."""
    unit, power = ("µs", exponent) if exponent < 3 else ("ms", exponent - 3)
    return f"{10 ** power} {unit}"


class Chart:
    def __init__(self, rows):
        times = [row[key] for row in rows for key, *_ in LINES if row[key] is not None]
        events = [row["events"] for row in rows]
        self.x = (math.floor(math.log10(min(events))), math.ceil(math.log10(max(events))))
        self.y = (math.floor(math.log10(min(times))), math.ceil(math.log10(max(times))))

    def at(self, events, time):
        def part(value, ends):
            return (math.log10(value) - ends[0]) / max(1, ends[1] - ends[0])

        return (LEFT + part(events, self.x) * (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - part(time, self.y) * (HEIGHT - TOP - BOTTOM))


def line(start, end, kind):
    return (f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" '
            f'y2="{end[1]:.1f}" class="{kind}"/>')


def text(x, y, content, attributes=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(content)}</text>'


def draw_axes(chart):
    left, right = 10 ** chart.x[0], 10 ** chart.x[1]
    bottom, top = 10 ** chart.y[0], 10 ** chart.y[1]
    for exponent in range(chart.y[0], chart.y[1] + 1):
        time = 10 ** exponent
        for digit in range(2, 10) if exponent < chart.y[1] else ():
            yield line(chart.at(left, time * digit), chart.at(right, time * digit), "minor")
        yield line(chart.at(left, time), chart.at(right, time), "grid")
        x, y = chart.at(left, time)
        yield text(x - 8, y + 4, duration(exponent), 'text-anchor="end"')
    for exponent in range(chart.x[0], chart.x[1] + 1):
        yield line(chart.at(10 ** exponent, bottom), chart.at(10 ** exponent, top), "grid")
        x, y = chart.at(10 ** exponent, bottom)
        yield text(x, y + 20, "10" + str(exponent).translate(SUPERSCRIPT), 'text-anchor="middle"')
    yield line(chart.at(left, bottom), chart.at(right, bottom), "axis")
    yield line(chart.at(left, bottom), chart.at(left, top), "axis")
    x, y = chart.at(math.sqrt(left * right), bottom)
    yield text(x, y + 40, "events in the file", 'text-anchor="middle"')


def draw_lines(chart, rows):
    labels = []
    for index, (key, label, *_) in enumerate(LINES):
        points = [chart.at(row["events"], row[key]) for row in rows if row[key] is not None]
        if not points:
            continue
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke-width="2.5" class="s{index}"/>'
        for x, y in points:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="f{index}"/>'
        labels.append([points[-1][1], index, label])
    yield from draw_labels(labels)


def draw_labels(labels):
    """The legend: at the end of each line, moved apart where lines meet."""
    labels.sort()
    height = 36
    for above, label in zip(labels, labels[1:]):
        label[0] = max(label[0], above[0] + height)
    for y, index, label in labels:
        for number, words in enumerate(label.split("\n")):
            yield text(WIDTH - RIGHT + 14, y - 3 + 16 * number, words, f'class="f{index}"')


def style():
    def colours(column):
        # text.f… and not .f…: the colour of a label has to win over that of all texts.
        return "\n".join(
            f"    .s{i} {{ stroke: {entry[column]}; }} "
            f"circle.f{i}, text.f{i} {{ fill: {entry[column]}; }}"
            for i, entry in enumerate(LINES))

    return STYLE.format(light=colours(2), dark=colours(3))


def draw(rows, machine):
    chart = Chart(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Time of push, read, list and castore-cli against the events in the file">',
        f"<style>{style()}</style>",
        text(LEFT, 26, "How long it takes as the file grows", 'class="title"'),
        *draw_axes(chart),
        *draw_lines(chart, rows),
        text(LEFT, HEIGHT - 10, machine, 'class="note"'),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = json.load(file)
    machine = sys.argv[3] if len(sys.argv) > 3 else ""
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(rows, machine))


if __name__ == "__main__":
    main()
