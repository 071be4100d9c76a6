"use strict";

// --- axes ---------------------------------------------------------------------------------------------------

function ticks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) found.push(+(n * step).toPrecision(12));
  return found;
}

/** An empty picture with its name and, for those who cannot see it, what is in it. */
function frame(width, height, margin, name, words) {
  const id = `clip${Math.random().toString(36).slice(2)}`;
  const box = { ...margin, width, height, w: width - margin.left - margin.right, h: height - margin.top - margin.bottom };
  const clip = svg("clipPath", { id }, svg("rect", { x: box.left, y: box.top, width: box.w, height: box.h }));
  box.clip = `url(#${id})`;
  box.root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${name}. ${words}` }, svg("defs", {}, clip));
  return box;
}

function axes(box, x, xs, y, ys) {
  for (const [at, text] of ys)
    box.root.append(
      svg("line", { class: "grid", x1: box.left, x2: box.left + box.w, y1: y(at), y2: y(at) }),
      svg("text", { x: box.left - 8, y: y(at) + 4, "text-anchor": "end" }, text));
  for (const [at, text] of xs)
    box.root.append(
      svg("line", { class: "grid", x1: x(at), x2: x(at), y1: box.top, y2: box.top + box.h }),
      svg("text", { x: x(at), y: box.top + box.h + 18, "text-anchor": "middle" }, text));
  box.root.append(svg("line", { class: "axis", x1: box.left, x2: box.left + box.w, y1: box.top + box.h, y2: box.top + box.h }));
}

const pen = document.createElement("canvas").getContext("2d");
function textWidth(text, bold) {
  pen.font = `${bold ? "bold " : ""}11px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
}

const path = (points) => points.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** Places on an axis from 0 to 1, half by value and half by rank: what is close together gets room. */
function roomy(values, low, high) {
  const near = (high - low) / 200;
  const knots = [low];
  for (const value of [...values].sort((a, b) => a - b)) if (value - knots.at(-1) > near) knots.push(value);
  if (high - knots.at(-1) > near) knots.push(high);
  else knots[knots.length - 1] = high;
  const places = knots.map((value, n) => 0.5 * (value - low) / (high - low) + 0.5 * n / (knots.length - 1));
  return (value) => {
    const n = Math.min(knots.length - 1, Math.max(1, knots.findIndex((knot) => knot >= value)));
    const share = (value - knots[n - 1]) / (knots[n] - knots[n - 1]);
    return places[n - 1] + share * (places[n] - places[n - 1]);
  };
}

/** Round numbers at least `room` apart on an axis of that scale, the roundest first. */
function roomyTicks(scale, low, high, room) {
  const found = [];
  for (const step of [2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01].filter((each) => each >= (high - low) / 50))
    for (let n = Math.ceil(low / step); n * step <= high; n++) {
      const value = +(n * step).toPrecision(6);
      if (found.every((each) => Math.abs(scale(each) - scale(value)) >= room)) found.push(value);
    }
  return found;
}

// --- size against speed -------------------------------------------------------------------------------------

const OUT = [[1, 0], [-1, 0], [0, -1], [0, 1], [0.8, -0.6], [0.8, 0.6], [-0.8, -0.6], [-0.8, 0.6]];

/** Where a label of that size can stand around a point: close by, or further away with a line to it. */
function places(cx, cy, wide, far) {
  return far.flatMap((away) => OUT.map(([dx, dy]) => {
    const x = cx + dx * away, y = cy + dy * away;
    const left = dx > 0.5 ? x : dx < -0.5 ? x - wide : x - wide / 2;
    return { x: left, y: y - 7 + dy * 4, w: wide, h: 14, away, anchor: [x, y] };
  }));
}

/** Our presets without our name, where there is little room. */
const brief = (line) => line.label.replace(/^rnncompress /, "");

const overlap = (a, b) =>
  Math.max(0, Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x)) * Math.max(0, Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y));

/** The best place for a label: free, or for one that must be shown the one that covers least. */
function settle(box, found, taken, must) {
  const inside = found.filter((at) => at.x >= box.left + 2 && at.x + at.w <= box.width - 2 && at.y >= 14 && at.y + at.h <= box.top + box.h - 2);
  const covered = (at) => taken.reduce((sum, each) => sum + overlap(at, each), 0);
  const free = inside.find((at) => !covered(at));
  if (free || !must) return free;
  return (inside.length ? inside : found).reduce((a, b) => (covered(b) < covered(a) ? b : a));
}

function scatter(section, way, width) {
  const lines = good(section).filter((line) => line.bpc && speed(line, way));
  if (!lines.length) return null;
  const box = frame(width, Math.min(520, Math.max(380, width * 0.5)), { left: 40, right: 14, top: 26, bottom: 42 },
    `Size against ${way} speed`, `${lines.length} points, all of them in the table of all measurements; arrow keys go from point to point.`);
  const speeds = lines.map((line) => speed(line, way));
  const low = Math.log10(Math.min(...speeds)) - 0.25, high = Math.log10(Math.max(...speeds)) + 0.35;
  const sizes = lines.map((line) => line.bpc);
  const pad = (Math.max(...sizes) - Math.min(...sizes)) * 0.08 || 0.5;
  const bottom = Math.min(...sizes) - pad, top = Math.max(...sizes) + pad;
  const place = roomy(sizes, bottom, top);
  const x = (value) => box.left + ((Math.log10(value) - low) / (high - low)) * box.w;
  const y = (value) => box.top + (1 - place(value)) * box.h;
  const xs = [], every = Math.ceil((high - low) / (box.w / 62));
  for (let n = Math.ceil(low); n <= high; n += every) xs.push([10 ** n, unit(10 ** n, "B/s")]);
  axes(box, x, xs, y, roomyTicks(y, bottom, top, 24).map((at) => [at, `${at}`]));
  box.root.append(svg("text", { x: box.left + box.w, y: box.height - 6, "text-anchor": "end" }, `${way} speed, faster →`));
  box.root.append(svg("text", { x: 8, y: 12 }, "bits per character, ↓ smaller"));

  const taken = lines.map((line) => ({ x: x(speed(line, way)) - 6, y: y(line.bpc) - 6, w: 12, h: 12 }));
  for (const device of new Set(lines.map((line) => line.device))) {
    const front = lines.filter((line) => best(line, way) && line.device === device)
      .sort((a, b) => speed(a, way) - speed(b, way));
    // Whoever wants to be a little faster than one point must take the size of the next.
    const corners = front.flatMap((line, n) => {
      const at = [x(speed(line, way)), y(line.bpc)];
      return n ? [[x(speed(front[n - 1], way)), at[1]], at] : [at];
    });
    box.root.append(svg("path", { class: "front", d: path(corners) }));
    corners.slice(1).forEach(([ax, ay], n) => {
      const [bx, by] = corners[n];
      taken.push({ x: Math.min(ax, bx) - 1, y: Math.min(ay, by) - 1, w: Math.abs(ax - bx) + 2, h: Math.abs(ay - by) + 2 });
    });
  }

  const weight = (line) => (line.ours ? 2 : 0) + (best(line, way) ? 1 : 0);
  const names = [], leaders = [];
  for (const line of [...lines].sort((a, b) => weight(b) - weight(a))) {
    const cx = x(speed(line, way)), cy = y(line.bpc);
    const label = width < 500 ? brief(line) : line.label;
    const far = line.ours ? [9, 20, 34, 50, 70, 95, 125] : [9, 20, 34];
    const at = settle(box, places(cx, cy, textWidth(label, line.ours) + 4, far), taken, line.ours);
    if (!at) continue;
    taken.push(at);
    if (at.away > 9) leaders.push(svg("line", { class: "leader", x1: cx, y1: cy, x2: at.anchor[0], y2: at.anchor[1] }));
    names.push(svg("text", {
      x: at.x + 2, y: at.y + 11, class: `halo label ${line.ours ? "own" : best(line, way) ? "name" : ""}`,
    }, label));
  }
  box.root.append(...leaders, ...points(lines, way, x, y, weight), ...names);
  return box.root;
}

/** The points, ours above the others. One of them takes the focus; arrow keys pass it on. */
function points(lines, way, x, y, weight) {
  const found = new Map(lines.map((line) => {
    const cx = x(speed(line, way)), cy = y(line.bpc), colour = line.ours ? "var(--accent)" : "var(--other)";
    return [line, withTip(svg("g", { class: "point", role: "img", tabindex: -1, "aria-label": words(line).replaceAll("\n", ", ") },
      svg("circle", { cx, cy, r: 12, fill: "transparent" }),
      svg("circle", {
        cx, cy, r: line.ours ? 6 : 4.5, stroke: colour, "stroke-width": 2,
        fill: best(line, way) || line.ours ? colour : "var(--panel)",
      })), words(line))];
  }));
  const order = [...lines].sort((a, b) => speed(a, way) - speed(b, way)).map((line) => found.get(line));
  order[0].setAttribute("tabindex", 0);
  order.forEach((node, n) => node.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    order[(n + step + order.length) % order.length].focus();
  }));
  return [...lines].sort((a, b) => weight(a) - weight(b)).map((line) => found.get(line));
}

// --- bpc along the file -------------------------------------------------------------------------------------

const FAMILIAR = /^(gzip -9|xz -9e|zstd -22|bzip2 -9|zpaq -m5|paq8px -8L?|cmix -c)$/;

function curves(section, width, height) {
  const lines = good(section).filter((line) => line.curve.length > 1);
  if (!lines.length) return null;
  const others = good(section).filter((line) => !line.curve.length && line.bpc);
  const top = Math.min(8, Math.max(...lines.map((line) => line.bpc)) * 2);
  const shown = others.filter((line) => line.bpc < top && (line === others[0] || FAMILIAR.test(line.label)));
  const labels = [...lines, ...shown].map((line) => ({
    line, text: `${brief(line)} ${fixed(line.bpc, line.ours ? 3 : 2)}`,
  }));
  const gutter = Math.max(...labels.map((each) => textWidth(each.text, each.line.ours))) + 14;
  const box = frame(width, height, { left: 40, right: gutter, top: 26, bottom: 42 }, "Bits per character along the file",
    labels.map((each) => each.text).join(", "));
  const locals = lines.map((line) => local(line.curve));
  const bottom = Math.max(0, Math.min(...[...lines, ...shown].map((line) => line.bpc), ...locals.flat().map((point) => point[1])) - 0.15);
  const x = (value) => box.left + (value / section.bytes) * box.w;
  const y = (value) => box.top + ((top - value) / (top - bottom)) * box.h;
  axes(box, x, ticks(0, section.bytes, Math.max(1, box.w / 70)).map((at) => [at, at ? unit(at, "B") : "0"]),
    y, ticks(bottom, top, 6).map((at) => [at, `${at}`]));
  box.root.append(svg("text", { x: box.left + box.w, y: box.height - 6, "text-anchor": "end" }, "bytes coded →"));
  box.root.append(svg("text", { x: 8, y: 12 }, "bits per character"));

  for (const line of shown)
    box.root.append(svg("line", { class: "reference", x1: box.left, x2: box.left + box.w, y1: y(line.bpc), y2: y(line.bpc) }));
  lines.forEach((line, n) => {
    const stroke = hue(lines, line);
    const scaled = (points) => path(points.map(([at, bpc]) => [x(at), y(bpc)]));
    box.root.append(
      svg("path", { class: "local", "clip-path": box.clip, d: scaled(locals[n]), style: `stroke: ${stroke}` }),
      withTip(svg("path", { class: "curve", "clip-path": box.clip, d: scaled(line.curve), style: `stroke: ${stroke}` }), words(line)));
  });
  const heights = apart(labels.map((each) => y(each.line.bpc)), 15, box.top + 4, box.top + box.h);
  labels.forEach(({ line, text }, n) => box.root.append(
    svg("line", { class: "leader", x1: box.left + box.w, y1: y(line.bpc), x2: box.left + box.w + 8, y2: heights[n] }),
    svg("text", { class: `label ${line.ours ? "own" : ""}`, x: box.left + box.w + 11, y: heights[n] + 4,
      style: line.ours ? `fill: ${hue(lines, line)}` : null }, text)));
  return box.root;
}

/** Heights as close to these as they can be with that much room between any two. */
function apart(wanted, room, top, bottom) {
  const order = wanted.map((_, n) => n).sort((a, b) => wanted[a] - wanted[b]);
  const found = [...wanted];
  order.forEach((n, k) => { found[n] = Math.max(found[n], k ? found[order[k - 1]] + room : top); });
  [...order].reverse().forEach((n, k, reversed) => {
    found[n] = Math.min(found[n], k ? found[reversed[k - 1]] - room : bottom);
  });
  return found;
}

/** What the bytes between neighbouring points cost, averaged over seven of them. */
function local(curve) {
  const bits = curve.map(([done, bpc]) => done * bpc);
  const reach = Math.min(7, curve.length - 1);
  return curve.slice(reach).map(([done], n) => [
    (done + curve[n][0]) / 2, (bits[n + reach] - bits[n]) / (done - curve[n][0]),
  ]);
}

// --- bars ---------------------------------------------------------------------------------------------------

function bars(section) {
  const lines = good(section);
  const most = Math.max(...lines.map((line) => line.compressed_bytes));
  return el("div", { class: "bars" }, lines.flatMap((line) => {
    const share = (100 * line.compressed_bytes) / most, inside = share > 45;
    return [
      el("span", { class: line.ours ? "own" : null }, line.label),
      withTip(el("div", { class: `track ${line.ours ? "own" : ""}` },
        el("div", { class: "bar", style: `width: ${share}%` }),
        el("span", { class: `value ${inside ? "inside" : ""}`, style: inside ? `right: ${100 - share}%` : `left: ${share}%` },
          count(line.compressed_bytes))), words(line)),
    ];
  }));
}
