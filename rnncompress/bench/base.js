"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const state = { section: 0, way: "encode", sort: "compressed_bytes", down: false, only: "" };

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

// --- what is shown, which the address keeps -----------------------------------------------------------------

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const found = data.sections.findIndex((section) => section.title === asked.get("input"));
  state.section = Math.max(0, found);
  state.way = asked.get("way") === "decode" ? "decode" : "encode";
  state.sort = asked.get("sort") || "compressed_bytes";
  state.down = asked.get("down") === "yes";
  state.only = asked.get("only") || "";
}

function writeAddress() {
  const kept = new URLSearchParams();
  if (state.section) kept.set("input", data.sections[state.section].title);
  if (state.way !== "encode") kept.set("way", state.way);
  if (state.sort !== "compressed_bytes") kept.set("sort", state.sort);
  if (state.down) kept.set("down", "yes");
  if (state.only) kept.set("only", state.only);
  history.replaceState(null, "", `#${kept}`);
}

/** The section with only the codecs asked for: those whose label holds one of the words. */
function filtered(section) {
  const asked = state.only.toLowerCase().split(/[\s,]+/).filter(Boolean);
  if (!asked.length) return section;
  return { ...section, lines: section.lines.filter((line) => asked.some((word) => line.label.toLowerCase().includes(word))) };
}

// --- downloads ----------------------------------------------------------------------------------------------

function save(name, type, content) {
  const link = el("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const fileName = (section, rest) => `${section.title.replace(/[^\w.-]+/g, "-")}-${rest}`;

function saveData(section) {
  const names = ["label", "status", "bytes", "compressed_bytes", "bpc", "ratio", "encode_speed", "decode_speed",
    "memory_bytes", "device_memory_bytes", "header_bytes", "version", "device", "message"];
  const quoted = (value) => (value === null ? "" : /[",\n]/.test(value) ? `"${`${value}`.replaceAll('"', '""')}"` : `${value}`);
  const lines = section.lines.map((line) => names.map((name) => quoted(line[name])).join(","));
  save(fileName(section, "table.csv"), "text/csv", [names.join(","), ...lines, ""].join("\n"));
}

const STYLE = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-family",
  "font-size", "font-weight", "paint-order"];

/** The picture as a file of its own, with the colours it has now. */
function savePicture(picture, name) {
  const copy = picture.cloneNode(true);
  const theirs = [...picture.querySelectorAll("*")];
  [...copy.querySelectorAll("*")].forEach((node, n) => {
    const style = getComputedStyle(theirs[n]);
    node.setAttribute("style", STYLE.map((key) => `${key}: ${style.getPropertyValue(key)}`).join("; "));
  });
  const [, , width, height] = copy.getAttribute("viewBox").split(" ");
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const ground = getComputedStyle(document.documentElement).getPropertyValue("--panel");
  copy.prepend(svg("rect", { width, height, fill: ground }));
  save(name, "image/svg+xml", new XMLSerializer().serializeToString(copy));
}

// --- a tip beside the pointer or the focus ----------------------------------------------------------------------

const tip = el("div", { id: "tip", role: "status" });
document.querySelector("main").append(tip);
const hideTip = () => tip.classList.remove("shown");
addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
function withTip(node, text) {
  const show = (x, y) => {
    tip.textContent = text;
    tip.classList.add("shown");
    tip.style.left = `${Math.max(8, Math.min(x + 14, document.documentElement.clientWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${y + 16 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 12 : y + 16}px`;
  };
  node.addEventListener("pointermove", (event) => show(event.clientX, event.clientY));
  node.addEventListener("pointerdown", (event) => show(event.clientX, event.clientY));
  node.addEventListener("pointerleave", hideTip);
  node.addEventListener("focus", () => {
    const at = node.getBoundingClientRect();
    show(at.x + at.width / 2, at.y + at.height / 2);
  });
  node.addEventListener("blur", hideTip);
  return node;
}
