"""Draws one chart: JSON on standard input, a PNG on standard output. Run as a program of its own, never imported.

The library is large, and what it draws was named by others: so it gets a process with little memory and time, as
workbooks do (see `painter`). Names are shown as they are: no mathematics, no markup, only letters the font has.
"""

import io
import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEMORY = 768 << 20  # bytes of address space; 270 MiB are needed
SECONDS = 15  # of processor time; half a second is needed, two where the fonts are looked at first
LARGEST = 100_000  # bytes of a picture
MISSING, TOO_LARGE, UNREADABLE = 3, 4, 5  # exit codes

PAPER, INK, QUIET, GRID, BAND = "#f6f8fa", "#1b1f24", "#59636e", "#d8dee4", "#e3e8ed"
LINE, ENTRY, EXIT = "#0550ae", "#1a7f37", "#b35900"
WIDTH, HEIGHT, DPI = 6.0, 2.7, 200  # 1,200 by 540 pixels, shown at 600

Known = tuple[date, float]


def main() -> None:
    """Draws what it is told; ends with an exit code that says what was wrong."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        tree = json.loads(sys.stdin.buffer.read())
        picture = drawn(tree)
    except ImportError as error:
        sys.stderr.write(f"{error}"[:300])
        sys.exit(MISSING)
    except MemoryError:
        sys.exit(TOO_LARGE)
    except (KeyError, StopIteration, TypeError, ValueError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}"[:300])
        sys.exit(UNREADABLE)
    if len(picture) > LARGEST:
        sys.exit(TOO_LARGE)
    sys.stdout.buffer.write(picture)


def drawn(tree: dict[str, Any]) -> bytes:
    """The chart as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    days = [date.fromisoformat(day) for day in tree["days"]]
    shares = [None if text is None else float(text) for text in tree["shares"]]
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.1, 0.145, 0.845, 0.635), facecolor=PAPER)
    frame(axes, days, [amount for amount in shares if amount is not None])
    high = last_known(days, shares)[1] > sum(axes.get_ylim()) / 2
    for first, last in bands(days, shares):
        band(axes, first, last, days, 0.07 if high else 0.93)
    for run in runs(days, shares):
        curve(axes, run)
    kinds = marks(axes, days, shares)
    label_last(axes, days, shares, tree["unit"])
    name(figure, tree, legend(axes, kinds) if kinds else 1.0)
    out = io.BytesIO()
    figure.savefig(out, format="png", facecolor=PAPER, metadata={"Software": None})
    return out.getvalue()


# --- what is to be drawn --------------------------------------------------------------------------


def runs(days: list[date], shares: list[float | None]) -> Iterator[list[Known]]:
    """The stretches without a gap."""
    run: list[Known] = []
    for day, amount in zip(days, shares, strict=True):
        if amount is not None:
            run.append((day, amount))
        elif run:
            yield run
            run = []
    if run:
        yield run


def last_known(days: list[date], shares: list[float | None]) -> Known:
    """The last point that is not a gap. Raises StopIteration where there is none."""
    return next((d, a) for d, a in zip(reversed(days), reversed(shares), strict=True) if a is not None)


def bands(days: list[date], shares: list[float | None]) -> Iterator[tuple[date, date]]:
    """The gaps: from the point before to the last one without a file."""
    begin = end = None
    for at, (day, amount) in enumerate(zip(days, shares, strict=True)):
        if amount is None:
            begin, end = begin or days[max(0, at - 1)], day
        elif begin is not None and end is not None:
            yield begin, end
            begin = None
    if begin is not None and end is not None:
        yield begin, end


# --- drawing --------------------------------------------------------------------------------------


def frame(axes: "Axes", days: list[date], amounts: list[float]) -> None:
    """Axes with dates and units, and nothing else to look at."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    margin = max(days[-1] - days[0], timedelta(days=1)) * 0.015
    axes.set_xlim(days[0] - margin, days[-1] + margin)  # type: ignore[arg-type]
    low, high = min(0.0, *amounts), max(0.0, *amounts)
    room = (high - low) or 1.0
    axes.set_ylim(low - room * (0.12 if low < 0 else 0.03), high + room * 0.24)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=room >= 4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    dates(axes, days)
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=QUIET, labelsize=9, length=0, pad=4)
    axes.tick_params(axis="x", length=2.5)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(QUIET)
        spine.set_linewidth(0.6)
    if low < 0:
        axes.axhline(0, color=QUIET, linewidth=0.6)


def dates(axes: "Axes", days: list[date]) -> None:
    """Six dates at most, as precise as the time shown asks for."""
    from matplotlib import dates as d

    length = (days[-1] - days[0]).days
    form = "%Y" if length > 6 * 365 else "%b %Y" if length > 150 else "%d %b"
    locator: Any = d.DayLocator() if length < 5 else d.AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(d.DateFormatter(form))  # type: ignore[no-untyped-call]


def short(value: float) -> str:
    """`1.5M`, `180K`, `40`."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")


def band(axes: "Axes", first: date, last: date, days: list[date], height: float) -> None:
    """A time without files, and its name where there is room for it."""
    from matplotlib.dates import date2num

    axes.axvspan(first, last, facecolor=BAND, edgecolor="none", zorder=0.5)  # type: ignore[arg-type]
    if (last - first) >= (days[-1] - days[0]) * 0.09:
        across, middle = axes.get_xaxis_transform(), date2num(first + (last - first) / 2)  # type: ignore[no-untyped-call]
        axes.text(
            middle,
            height,
            "no files",
            transform=across,
            ha="center",
            va="center",
            color=QUIET,
            fontsize=8,
            style="italic",
        )


def curve(axes: "Axes", run: list[Known]) -> None:
    """What a file showed holds until the next one: steps, no slopes that nobody saw."""
    xs, ys = [day for day, _ in run], [amount for _, amount in run]
    if len(run) == 1:
        axes.plot(xs, ys, marker="o", markersize=3.5, color=LINE, linestyle="none")  # type: ignore[arg-type]
        return
    axes.fill_between(xs, ys, step="post", color=LINE, alpha=0.10, linewidth=0)  # type: ignore[arg-type]
    axes.step(xs, ys, where="post", color=LINE, linewidth=1.6, solid_joinstyle="miter")  # type: ignore[arg-type]


def marks(axes: "Axes", days: list[date], shares: list[float | None]) -> dict[str, tuple[str, str, str]]:
    """Where nothing became something, and the reverse; hollow where a gap lies between. What the marks mean."""
    before: float | None = None
    gap = False
    kinds: dict[str, tuple[str, str, str]] = {}
    for day, amount in zip(days, shares, strict=True):
        if amount is None:
            gap = True
            continue
        if before is not None and (before == 0) != (amount == 0):
            shape, color, word = ("^", ENTRY, "entry") if before == 0 else ("v", EXIT, "exit")
            fill = PAPER if gap else color
            axes.plot(day, amount, shape, color=color, markerfacecolor=fill, markersize=6, zorder=4, clip_on=False)  # type: ignore[arg-type]
            kinds[word + (" in the gap" if gap else "")] = (shape, color, fill)
        before, gap = amount, False
    return kinds


def legend(axes: "Axes", kinds: dict[str, tuple[str, str, str]]) -> float:
    """What the marks mean, above the curve on the right; where it begins, as a part of the picture's width."""
    from matplotlib.lines import Line2D

    shown = [
        Line2D([], [], linestyle="none", marker=shape, color=color, markerfacecolor=fill, markersize=5, label=word)
        for word, (shape, color, fill) in kinds.items()
    ]
    made = axes.legend(
        handles=shown,
        loc="lower right",
        bbox_to_anchor=(1.04, 0.985),
        ncols=len(shown),
        frameon=False,
        fontsize=8.5,
        labelcolor=QUIET,
        handletextpad=0.2,
        columnspacing=1.0,
        borderpad=0.2,
    )
    return float(made.get_window_extent().x0) / (WIDTH * DPI)


def label_last(axes: "Axes", days: list[date], shares: list[float | None], unit: str) -> None:
    """The last count, written beside its point where the curve leaves room."""
    from matplotlib.patheffects import withStroke

    day, amount = last_known(days, shares)
    text = f"{amount:,.8f}".rstrip("0").rstrip(".") if amount != int(amount) else f"{int(amount):,}"
    axes.plot(day, amount, "o", color=LINE, markersize=4, zorder=3, clip_on=False)  # type: ignore[arg-type]
    height, above = place(axes, days, shares)
    axes.annotate(
        f"{text.replace('-', '−')} {unit} on {day.isoformat()}",
        (day, height),
        xytext=(2, 7 if above else -7),
        textcoords="offset points",
        ha="right",
        va="bottom" if above else "top",
        fontsize=9.5,
        weight="bold",
        color=INK,
        zorder=5,
        parse_math=False,
        path_effects=[withStroke(linewidth=2.5, foreground=PAPER)],
    )


def place(axes: "Axes", days: list[date], shares: list[float | None]) -> tuple[float, bool]:
    """The height of the last label and whether it stands above that, else below: at its point, or off the curve."""
    day, amount = last_known(days, shares)
    begin = day - (days[-1] - days[0]) * 0.5  # the label takes up to half of the width
    near = [one for when, one in zip(days, shares, strict=True) if one is not None and when >= begin]
    low, high = axes.get_ylim()
    line = (high - low) * 0.03
    if max(near) <= amount + line:
        return amount, True
    if min(near) >= amount - line and amount - low > (high - low) * 0.2:
        return amount, False
    return max(near), True


def name(figure: "Figure", tree: dict[str, Any], end: float) -> None:
    """The title, and below it what is counted, up to `end` of the width; in letters that the font has."""
    title = next((text for text in tree["titles"] if has_all(text)), "")
    subtitle = tree["subtitle"] if has_all(tree["subtitle"]) else f"{tree['unit'].capitalize()} held, split-adjusted"
    write(figure, title, 0.955, 0.98, size=11, color=INK, weight="bold")
    write(figure, subtitle, 0.865 if title else 0.945, end - 0.02, size=9, color=QUIET, weight="normal")


def write(figure: "Figure", text: str, y: float, end: float, *, size: float, color: str, weight: str) -> None:
    """One line at the left, shortened to what there is room for."""
    made = figure.text(0.02, y, text, ha="left", va="top", fontsize=size, color=color, weight=weight, parse_math=False)
    while text and made.get_window_extent().x1 > end * WIDTH * DPI:
        text = text[: len(text) - 1 - len(text) // 20].rstrip()
        made.set_text(f"{text}…")


def has_all(text: str) -> bool:
    """Whether the library's own font can write the text."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap()
    return all(ord(letter) in known for letter in text)


if __name__ == "__main__":
    main()
