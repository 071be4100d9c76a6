"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const state = { section: 0, way: "encode", sort: "compressed_bytes", down: false };

// --- elements -----------------------------------------------------------------------------------------------

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
  return node;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// --- numbers in words ---------------------------------------------------------------------------------------

const none = "–";
const count = (value) => (value === null ? none : value.toLocaleString("en-US"));
const fixed = (value, digits) =>
  value === null ? none
    : value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const mebi = (value) => (value === null ? none : fixed(value / 1048576, 0));
const rate = (value) =>
  value === null ? none : fixed(value / 1000, value >= 1e5 ? 0 : value >= 1e4 ? 1 : 2);
const seconds = (timing) =>
  timing === null ? none : timing.seconds >= 100 ? fixed(timing.seconds, 0) : timing.seconds.toPrecision(3);
const unit = (value, suffix) =>
  value >= 1e9 ? `${value / 1e9} G${suffix}` : value >= 1e6 ? `${value / 1e6} M${suffix}`
    : value >= 1e3 ? `${value / 1e3} k${suffix}` : `${value} ${suffix}`;
const spread = (timing) =>
  timing && timing.repetitions > 1
    ? ` ±${fixed((50 * (timing.slowest - timing.fastest)) / timing.seconds, 0)}%` : "";

const good = (section) => section.lines.filter((line) => line.status === "ok");
const speed = (line, way) => line[`${way}_speed`];
const best = (line, way) => line[`best_${way}`];
const owners = (lines) => [...new Set(lines.filter((line) => line.ours).map((line) => line.label))].sort();
const hue = (lines, line) => `var(--own${owners(lines).indexOf(line.label) % 6})`;

function words(line) {
  const parts = [line.label, `${count(line.compressed_bytes)} bytes · ${fixed(line.bpc, 3)} bpc`];
  for (const way of ["encode", "decode"])
    if (line[way])
      parts.push(`${way}: ${rate(speed(line, way))} kB/s${spread(line[way])} · ${seconds(line[way])} s`
        + ` (CPU ${line[way].cpu_seconds.toPrecision(3)} s)`);
  if (line.memory_bytes !== null) parts.push(`memory: ${mebi(line.memory_bytes)} MiB`);
  return [...parts, line.version, line.device].join("\n");
}

// --- a tip beside the pointer -------------------------------------------------------------------------------

const tip = el("div", { id: "tip", role: "status" });
document.body.append(tip);
function withTip(node, text) {
  const show = (event) => {
    tip.textContent = text;
    tip.classList.add("shown");
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 16;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${below + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 12 : below}px`;
  };
  node.addEventListener("pointermove", show);
  node.addEventListener("pointerdown", show);
  node.addEventListener("pointerleave", () => tip.classList.remove("shown"));
  return node;
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

// --- the table ----------------------------------------------------------------------------------------------

function columns(section) {
  const any = (key) => section.lines.some((line) => line[key] !== null);
  const machines = new Set(section.lines.map((line) => line.device)).size > 1;
  return [
    { key: "label", name: "Codec", value: (line) => line.label },
    { key: "compressed_bytes", name: "Bytes", text: (line) => count(line.compressed_bytes) },
    { key: "bpc", name: "bpc", text: (line) => fixed(line.bpc, 3) },
    { key: "ratio", name: "Ratio", text: (line) => fixed(line.ratio, 3) },
    { key: "encode_speed", name: "Encode kB/s", text: (line) => rate(line.encode_speed) + spread(line.encode) },
    { key: "decode_speed", name: "Decode kB/s", text: (line) => rate(line.decode_speed) + spread(line.decode) },
    { key: "encode", name: "Encode s", value: (line) => line.encode && line.encode.seconds, text: (line) => seconds(line.encode) },
    { key: "decode", name: "Decode s", value: (line) => line.decode && line.decode.seconds, text: (line) => seconds(line.decode) },
    { key: "memory_bytes", name: "Memory MiB", text: (line) => mebi(line.memory_bytes) },
    any("device_memory_bytes") && { key: "device_memory_bytes", name: "GPU MiB", text: (line) => mebi(line.device_memory_bytes) },
    any("header_bytes") && { key: "header_bytes", name: "Header", text: (line) => count(line.header_bytes) },
    machines && { key: "device", name: "Device", text: (line) => line.device, small: true },
  ].filter(Boolean);
}

function table(section) {
  const shown = columns(section);
  const column = shown.find((each) => each.key === state.sort) || shown[1];
  const value = column.value || ((line) => line[column.key]);
  const rank = (line) => (line.status === "ok" ? (value(line) === null ? 1 : 0) : 2);
  const lines = [...section.lines].sort((a, b) => {
    if (rank(a) !== rank(b) || rank(a)) return rank(a) - rank(b);
    const [p, q] = [value(a), value(b)];
    return (p < q ? -1 : p > q ? 1 : 0) * (state.down ? -1 : 1);
  });
  const head = shown.map((each) => el("th", {
    scope: "col", "aria-sort": each === column ? (state.down ? "descending" : "ascending") : null,
  }, el("button", { type: "button", onclick: () => sortBy(each.key) }, each.name)));
  const body = lines.map((line) => {
    const star = best(line, state.way) ? el("span", { class: "star", title: "on the Pareto front" }, "★") : null;
    if (line.status === "ok") {
      const cells = shown.slice(1).map((each) => el("td", { class: each.small ? "small" : null }, each.text(line)));
      return el("tr", { class: line.ours ? "own" : null }, el("td", { title: words(line) }, line.label, star), cells);
    }
    return el("tr", { class: line.status === "mismatch" ? "mismatch" : "failed" }, el("td", {}, line.label),
      el("td", { class: "text", colspan: shown.length - 1 }, el("span", { class: "pill" }, line.status), ` ${line.message}`));
  });
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}

function sortBy(key) {
  const rising = ["label", "device", "compressed_bytes", "bpc", "encode", "decode", "memory_bytes", "header_bytes"];
  state.down = state.sort === key ? !state.down : !rising.includes(key);
  state.sort = key;
  draw();
}

function plain(names, rows) {
  const own = new Set(owners(data.sections.flatMap((section) => section.lines)));
  const head = names.map(([name, kind]) => el("th", { scope: "col", class: kind }, name));
  const body = rows.map((row) => el("tr", { class: own.has(row[0]) ? "own" : null }, row.map((cell, n) => el("td", { class: names[n][1] }, cell))));
  return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}

// --- everything of one input --------------------------------------------------------------------------------

function panel(title, note, content, kind) {
  return content && el("section", { class: `panel ${kind || ""}` }, el("h2", {}, title),
    note && el("p", { class: "quiet" }, note), el("figure", {}, content));
}

function fact(name, value, note, own) {
  return el("div", { class: `fact ${own ? "own" : ""}` }, el("span", { class: "quiet" }, name),
    el("b", {}, value, " ", el("small", {}, note)));
}

function facts(section) {
  const lines = good(section), first = lines[0], own = lines.find((line) => line.ours);
  const gzip = lines.find((line) => line.label === "gzip -9");
  const found = [fact(section.files > 1 ? `Original, ${section.files} files` : "Original", count(section.bytes), "bytes")];
  if (first) found.push(fact(`Smallest: ${first.label}`, fixed(first.bpc, 3), "bpc", first.ours));
  if (own && own !== first) found.push(fact(`Our smallest: ${own.label}`, fixed(own.bpc, 3), "bpc", true));
  if (own && gzip) {
    const share = 100 * (1 - own.compressed_bytes / gzip.compressed_bytes);
    found.push(fact("Ours against gzip -9", `${fixed(Math.abs(share), 1)} %`, share < 0 ? "larger" : "smaller", true));
  }
  return el("div", { class: "facts" }, found);
}

const name = (section) => section.title
  + (!section.slice ? "" : section.files > 1 ? " · only their beginnings" : ` · first ${count(section.bytes)} bytes`);

function published(section) {
  if (!section.published.length) return null;
  const rows = section.published.map((entry) => [
    entry.system, count(entry.bytes), fixed(entry.bpc, 3), entry.hardware, entry.note,
    el("a", { href: entry.source, rel: "noreferrer" }, new URL(entry.source).host),
  ]);
  return plain([["System"], ["Bytes"], ["bpc"], ["Hardware", "text small"], ["Note", "text small"], ["Source", "small"]], rows);
}

function matrix() {
  const sections = data.sections.filter((section) => section.lines.length);
  if (sections.length < 2) return null;
  const labels = [...new Set(sections.flatMap((section) => good(section).map((line) => line.label)))];
  const names = [["Codec"], ...sections.map((section) => [
    section.files > 1 ? "Total" : section.title.slice(section.group ? section.title.indexOf("/") + 1 : 0)])];
  const lowest = sections.map((section) => Math.min(...good(section).map((line) => line.compressed_bytes)));
  const rows = labels.map((label) => [label, ...sections.map((section, n) => {
    const line = good(section).find((each) => each.label === label);
    if (!line) return none;
    return line.compressed_bytes === lowest[n] ? el("span", { class: "best" }, fixed(line.bpc, 3)) : fixed(line.bpc, 3);
  })]);
  return plain(names, rows);
}

function versions(section) {
  const found = {};
  for (const line of section.lines) (found[line.version] ||= []).push(line.label);
  return Object.entries(found).map(([version, labels]) => `${version}: ${labels.join(", ")}`);
}

function totals() {
  if (!data.totals.length) return null;
  return plain([["Model"], ["Input", "text"], ["File"], ["Decompressor"], ["Total"], ["Hutter Prize", "text small"]],
    data.totals.map((each) => [each.label, each.input, count(each.archive), count(each.decoder), count(each.total), each.prize]));
}

function verdict() {
  const lines = data.sections.filter((section) => section.files === 1).flatMap((section) => section.lines);
  const wrong = lines.filter((line) => line.status === "mismatch").length;
  const failed = lines.filter((line) => line.status !== "ok").length - wrong;
  const right = lines.length - wrong - failed;
  if (!wrong && !failed) return el("p", { class: "verdict good" }, `✓ all ${right} cells decoded to the same bytes`);
  const parts = [`${right} of ${lines.length} cells decoded to the same bytes`];
  if (wrong) parts.push(`${wrong} to OTHER bytes`);
  if (failed) parts.push(`${failed} did not finish`);
  return el("p", { class: `verdict ${wrong ? "bad" : "warn"}` }, parts.join(", "));
}

function controls() {
  const options = {};
  data.sections.forEach((section, n) => {
    const option = el("option", { value: n, selected: n === state.section }, name(section));
    (options[section.group || ""] ||= []).push(option);
  });
  const groups = Object.entries(options).map(([group, each]) => (group ? el("optgroup", { label: group }, each) : each));
  const pick = el("select", { onchange: (event) => { state.section = +event.target.value; draw(); } }, groups.flat());
  const press = (way) => el("button", {
    type: "button", "aria-pressed": `${state.way === way}`, onclick: () => { state.way = way; draw(); },
  }, `${way} speed`);
  return el("div", { class: "controls" },
    data.sections.length > 1 ? el("label", {}, "Input", pick) : null,
    el("div", { class: "switch", role: "group", "aria-label": "Which speed" }, press("encode"), press("decode")));
}

function draw(onPaper) {
  const section = data.sections[state.section];
  const page = document.getElementById("page");
  const kept = [scrollY, document.activeElement && document.activeElement.textContent];
  const full = onPaper ? 690 : Math.min(page.clientWidth || 1140, 1140);
  const narrow = !onPaper && full < 720;
  const inner = (columns) => (narrow ? full - 52 : (full - 14 * (columns - 1)) / columns - 38);
  const several = data.sections.length > 1;
  page.replaceChildren(
    el("header", {}, el("h1", {}, several ? "Compression benchmark" : `Compression benchmark: ${name(section)}`),
      el("p", { class: "quiet" }, `rnncompress ${data.version} · ${data.made}`,
        data.commits.length ? ` · ${data.commits.map((id) => id.slice(0, 10) + id.slice(40)).join(", ")}` : ""),
      verdict()),
    controls(),
    several ? el("h2", { class: "chosen" }, name(section)) : "",
    facts(section),
    el("div", { class: "panels" }, [
      panel("Size against speed", `★ and the line: the Pareto front; nothing on the same device is smaller and faster to ${state.way}. Filled points are on it or ours.`,
        scatter(section, state.way, inner(1)), "wide"),
      panel("Bits per character along the file", "Learning while coding; several streams code at several places of the file in turn. Thick: all bytes so far; thin: the last ones. Dashed: others, for the whole file.",
        curves(section, inner(2), narrow ? 320 : Math.min(560, Math.max(320, (onPaper ? 18 : 23) * section.lines.length - 16)))),
      panel("Compressed size", "Bytes on disk, everything included that decoding needs to know.",
        good(section).length ? bars(section) : null, section.lines.some((line) => line.curve.length > 1) ? "" : "wide"),
      panel("All measurements", "Speed from the median wall time. Memory: the peak of the process. Click a column to sort.", table(section), "wide long"),
      panel("Published elsewhere", "By others, on other machines; not measured here, and not to be ranked by speed.", published(section), "wide long"),
      panel("All inputs", "Bits per character; the smallest of each input stands out.", matrix(), "wide long"),
      panel("With the decompressor counted in", data.totalsNote, totals(), "wide long"),
      panel("How this was measured", "Each cell runs in processes of its own. Every file was decoded by a fresh process in a folder that holds nothing else, and all bytes were compared.",
        el("ul", {}, [...data.machines, ...versions(section)].map((each) => el("li", { class: "quiet" }, each))), "wide"),
    ].filter(Boolean)));
  scrollTo(0, kept[0]);
  const again = [...document.querySelectorAll("button")].find((button) => button.textContent === kept[1]);
  if (again) again.focus({ preventScroll: true });
}

let drawn = innerWidth;
addEventListener("resize", () => { if (innerWidth !== drawn) { drawn = innerWidth; draw(); } });
addEventListener("beforeprint", () => draw(true));
addEventListener("afterprint", () => draw());
draw();
document.documentElement.dataset.drawn = "yes";
