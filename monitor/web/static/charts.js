// Position charts: uPlot draws what an element's data-src answers, in the colours of the page. A gap stays a gap.
// Keys: ← → move the cursor, + − zoom, 0 shows all. Without this script the page has the same as pictures and tables.
(() => {
  "use strict";
  const DAY = 86400;
  const number = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const iso = (at) => new Date(at * 1000).toISOString().slice(0, 10);

  function colour(name) {
    const probe = document.createElement("span");
    probe.className = name;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  // Days of other funds are no gap in a fund's line (undefined is joined), its own holes are (null).
  function values(found, line) {
    const holes = line.holes;
    let at = 0;
    return line.shares.map((shares, place) => {
      if (shares !== null) return shares;
      const day = found.days[place];
      while (at < holes.length && holes[at][1] <= day) at += 1;
      return at < holes.length && holes[at][0] < day ? null : undefined;
    });
  }

  // Where no fund has a file, a day without values is put into the hole.
  function widened(found) {
    const extra = [];
    for (let at = 1; at < found.days.length; at += 1)
      if (found.days[at] - found.days[at - 1] > 4 * DAY) extra.push(found.days[at - 1] + DAY);
    if (!extra.length) return found;
    const days = [...found.days, ...extra].sort((a, b) => a - b);
    const places = new Map(found.days.map((day, place) => [day, place]));
    const fill = (list) => days.map((day) => (places.has(day) ? list[places.get(day)] : null));
    return { days, funds: found.funds.map((one) => ({ ...one, shares: fill(one.shares) })) };
  }

  function draw(box, found, log, range) {
    const place = box.querySelector(".plot");
    place.replaceChildren();
    const axis = { stroke: colour("dim"), grid: { stroke: colour("chart-grid"), width: 1 }, ticks: { show: false }, font: "11px sans-serif" };
    const series = found.funds.map((one, at) => ({
      label: one.fund,
      stroke: colour(`c-${(at % 9) + 1}`),
      width: 1.4,
      dash: at > 8 ? [5, 3] : undefined,
      points: { show: false },
      value: (_, value) => (value == null ? "–" : number.format(value)),
    }));
    const lines = found.funds.map((one) => values(found, one).map((value) => (log && value <= 0 ? (value === undefined ? undefined : null) : value)));
    const plot = new uPlot(
      {
        width: place.clientWidth || 600,
        height: 300,
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
        scales: { x: { time: true, ...(range ? { min: range[0], max: range[1] } : {}) }, y: { distr: log ? 3 : 1, range: log ? undefined : (_, low, high) => [Math.min(0, low ?? 0), (high ?? 1) * 1.05 || 1] } },
        axes: [{ ...axis }, { ...axis, size: 56, values: (_, ticks) => ticks.map((one) => (one == null ? "" : short.format(one))) }],
        series: [{ label: "File", value: (_, at) => (at == null ? "–" : iso(at)) }, ...series],
        cursor: { drag: { x: true, y: false } },
        hooks: { setScale: [(self, key) => key === "x" && zoomed(box, self, found)] },
      },
      [found.days, ...lines],
      place,
    );
    place.tabIndex = 0;
    place.plot = plot;
    return plot;
  }

  function zoomed(box, plot, found) {
    const { min, max } = plot.scales.x;
    box.querySelector("[data-whole]").hidden = min <= found.days[0] && max >= found.days.at(-1);
  }

  function keys(box, event, found) {
    const plot = box.querySelector(".plot").plot;
    const { min, max } = plot.scales.x;
    const at = plot.cursor.idx ?? found.days.length - 1;
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -21, PageDown: 21 };
    if (event.key in moves) {
      const next = Math.max(0, Math.min(found.days.length - 1, at + moves[event.key]));
      plot.setCursor({ left: plot.valToPos(found.days[next], "x"), top: 10 });
    } else if (event.key === "+" || event.key === "-") {
      const middle = found.days[at], half = ((max - min) / 2) * (event.key === "+" ? 0.6 : 1.6);
      plot.setScale("x", { min: Math.max(found.days[0], middle - half), max: Math.min(found.days.at(-1), middle + half) });
    } else if (event.key === "0") plot.setScale("x", { min: found.days[0], max: found.days.at(-1) });
    else return;
    event.preventDefault();
  }

  async function chart(box) {
    const answer = await fetch(box.dataset.src).catch(() => null); // the page is being left: no fault of it
    if (!answer?.ok) return;
    const raw = await answer.json();
    if (!raw.days.length) return;
    const found = widened(raw);
    box.hidden = false;
    const log = box.querySelector("[data-log]");
    let plot = draw(box, found, log.checked);
    const again = (range) => {
      plot.destroy();
      plot = draw(box, found, log.checked, range);
    };
    const now = () => [plot.scales.x.min, plot.scales.x.max];
    log.addEventListener("change", () => again(now()));
    document.addEventListener("theme", () => again(now()));
    box.querySelector("[data-whole]").addEventListener("click", () => again());
    box.querySelector(".plot").addEventListener("keydown", (event) => keys(box, event, found));
    new ResizeObserver(() => {
      const width = box.querySelector(".plot").clientWidth;
      if (width && Math.abs(width - plot.width) > 2) plot.setSize({ width, height: 300 });
    }).observe(box);
  }

  document.querySelectorAll(".chart[data-src]").forEach((box) => chart(box));
})();
