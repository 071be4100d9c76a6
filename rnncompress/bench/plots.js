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

function frame(width, height, margin) {
  const id = `clip${Math.random().toString(36).slice(2)}`;
  const box = { ...margin, width, height, w: width - margin.left - margin.right, h: height - margin.top - margin.bottom };
  const clip = svg("clipPath", { id }, svg("rect", { x: box.left, y: box.top, width: box.w, height: box.h }));
  box.clip = `url(#${id})`;
  box.root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" }, svg("defs", {}, clip));
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

// --- size against speed -------------------------------------------------------------------------------------

function scatter(section, way, width) {
  const lines = good(section).filter((line) => line.bpc && speed(line, way));
  if (!lines.length) return null;
  const box = frame(width, Math.min(440, Math.max(320, width * 0.55)), { left: 40, right: 14, top: 26, bottom: 42 });
  const speeds = lines.map((line) => speed(line, way));
  const low = Math.log10(Math.min(...speeds)) - 0.25, high = Math.log10(Math.max(...speeds)) + 0.35;
  const sizes = lines.map((line) => line.bpc);
  const pad = (Math.max(...sizes) - Math.min(...sizes)) * 0.08 || 0.5;
  const bottom = Math.min(...sizes) - pad, top = Math.max(...sizes) + pad;
  const x = (value) => box.left + ((Math.log10(value) - low) / (high - low)) * box.w;
  const y = (value) => box.top + ((top - value) / (top - bottom)) * box.h;
  const xs = [];
  for (let n = Math.ceil(low); n <= high; n++) xs.push([10 ** n, unit(10 ** n, "B/s")]);
  axes(box, x, xs, y, ticks(bottom, top, 6).map((at) => [at, `${at}`]));
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
      taken.push({ x: Math.min(ax, bx), y: Math.min(ay, by), w: Math.abs(ax - bx), h: Math.abs(ay - by) });
    });
  }

  const weight = (line) => (line.ours ? 2 : 0) + (best(line, way) ? 1 : 0);
  const hits = (a) => taken.some((b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
    || a.x < box.left || a.x + a.w > box.width || a.y < 0 || a.y + a.h > box.top + box.h - 2;
  const marks = [], names = [];
  for (const line of [...lines].sort((a, b) => weight(b) - weight(a))) {
    const cx = x(speed(line, way)), cy = y(line.bpc), wide = textWidth(line.label, line.ours) + 3;
    const colour = line.ours ? "var(--accent)" : "var(--other)";
    marks.unshift(withTip(svg("g", { class: "point" },
      svg("circle", { cx, cy, r: 12, fill: "transparent" }),
      svg("circle", {
        cx, cy, r: line.ours ? 6 : 4.5, stroke: colour, "stroke-width": 2,
        fill: best(line, way) || line.ours ? colour : "var(--panel)",
      })), words(line)));
    const places = [
      [cx + 9, cy + 4, "start", cx + 9], [cx - 9, cy + 4, "end", cx - 9 - wide],
      [cx, cy - 10, "middle", cx - wide / 2], [cx, cy + 18, "middle", cx - wide / 2],
      [cx + 8, cy - 7, "start", cx + 8], [cx + 8, cy + 15, "start", cx + 8],
      [cx - 8, cy - 7, "end", cx - 8 - wide], [cx - 8, cy + 15, "end", cx - 8 - wide],
    ];
    const place = places.find(([, ty, , left]) => !hits({ x: left, y: ty - 10, w: wide, h: 13 }));
    if (!place) continue;
    const [tx, ty, anchor, left] = place;
    taken.push({ x: left, y: ty - 10, w: wide, h: 13 });
    names.push(svg("text", {
      x: tx, y: ty, "text-anchor": anchor, class: `halo ${line.ours ? "own" : best(line, way) ? "name" : ""}`,
      style: line.ours ? "fill: var(--accent)" : null,
    }, line.label));
  }
  box.root.append(...marks, ...names);
  return box.root;
}

// --- bpc along the file -------------------------------------------------------------------------------------

function curves(section, width, height) {
  const lines = good(section).filter((line) => line.curve.length > 1);
  if (!lines.length) return null;
  const box = frame(width, height, { left: 40, right: 14, top: 26, bottom: 42 });
  const others = good(section).filter((line) => !line.curve.length && line.bpc);
  const final = [...lines, ...others.slice(0, 1)].map((line) => line.bpc);
  const locals = lines.map((line) => local(line.curve));
  const top = Math.min(8, Math.max(...lines.map((line) => line.bpc)) * 2);
  const bottom = Math.max(0, Math.min(...final, ...locals.flat().map((point) => point[1])) - 0.15);
  const x = (value) => box.left + (value / section.bytes) * box.w;
  const y = (value) => box.top + ((top - value) / (top - bottom)) * box.h;
  axes(box, x, ticks(0, section.bytes, Math.max(3, box.w / 110)).map((at) => [at, at ? unit(at, "B") : "0"]),
    y, ticks(bottom, top, 6).map((at) => [at, `${at}`]));
  box.root.append(svg("text", { x: box.left + box.w, y: box.height - 6, "text-anchor": "end" }, "bytes coded →"));
  box.root.append(svg("text", { x: 8, y: 12 }, "bits per character"));

  let last = Infinity;
  for (const line of others.filter((line) => line.bpc < top).sort((a, b) => b.bpc - a.bpc)) {
    const wanted = line === others[0] || /^(gzip -9|xz -9e|zstd -22|bzip2 -9|zpaq -m5)$/.test(line.label);
    if (!wanted || Math.abs(y(line.bpc) - last) < 15) continue;
    last = y(line.bpc);
    box.root.append(
      svg("line", { class: "reference", x1: box.left, x2: box.left + box.w, y1: last, y2: last }),
      svg("text", { class: "halo", x: box.left + 6, y: last - 4 }, `${line.label} ${fixed(line.bpc, 2)}`));
  }
  lines.forEach((line, n) => {
    const stroke = hue(lines, line);
    const scaled = (points) => path(points.map(([at, bpc]) => [x(at), y(bpc)]));
    box.root.append(
      svg("path", { class: "local", "clip-path": box.clip, d: scaled(locals[n]), style: `stroke: ${stroke}` }),
      withTip(svg("path", { class: "curve", "clip-path": box.clip, d: scaled(line.curve), style: `stroke: ${stroke}` }), words(line)));
  });
  lines.forEach((line, n) => {
    box.root.append(
      svg("line", { x1: box.left + box.w - 214, x2: box.left + box.w - 190, y1: box.top + 8 + 17 * n, y2: box.top + 8 + 17 * n,
        style: `stroke: ${hue(lines, line)}; stroke-width: 3` }),
      svg("text", { class: "halo own", x: box.left + box.w - 184, y: box.top + 12 + 17 * n, style: `fill: ${hue(lines, line)}` },
        `${line.label} ${fixed(line.bpc, 3)}`));
  });
  return box.root;
}

/** What the bytes between neighbouring points cost, averaged over seven of them. */
function local(curve) {
  const bits = curve.map(([done, bpc]) => done * bpc);
  const reach = Math.min(7, curve.length - 1);
  return curve.slice(reach).map(([done], n) => [
    (done + curve[n][0]) / 2, (bits[n + reach] - bits[n]) / (done - curve[n][0]),
  ]);
}
