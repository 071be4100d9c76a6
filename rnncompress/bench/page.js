"use strict";

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
  }, el("button", { type: "button", id: `by-${each.key}`, onclick: () => sortBy(each.key) }, each.name)));
  const body = lines.map((line) => {
    const star = best(line, state.way) ? el("span", { class: "star", title: "on the Pareto front" }, "★") : null;
    if (line.status === "ok") {
      const cells = shown.slice(1).map((each) => el("td", { class: each.small ? "small" : null }, each.text(line)));
      return el("tr", { class: line.ours ? "own" : null }, el("td", { title: words(line) }, line.label, star), cells);
    }
    return el("tr", { class: line.status === "mismatch" ? "mismatch" : "failed" }, el("td", {}, line.label),
      el("td", { class: "text", colspan: shown.length - 1 }, el("span", { class: "pill" }, line.status), ` ${line.message}`));
  });
  return scrolling("All measurements", head, body);
}

function scrolling(name, head, body) {
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": name },
    el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)));
}

function sortBy(key) {
  const rising = ["label", "device", "compressed_bytes", "bpc", "encode", "decode", "memory_bytes", "header_bytes"];
  change({ down: state.sort === key ? !state.down : !rising.includes(key), sort: key });
}

function plain(name, names, rows) {
  const own = new Set(owners(data.sections.flatMap((section) => section.lines)));
  const head = names.map(([name, kind]) => el("th", { scope: "col", class: kind }, name));
  const body = rows.map((row) => el("tr", { class: own.has(row[0]) ? "own" : null }, row.map((cell, n) => el("td", { class: names[n][1] }, cell))));
  return scrolling(name, head, body);
}

// --- everything of one input --------------------------------------------------------------------------------

function panel(title, note, content, kind) {
  return content && el("section", { class: `panel ${kind || ""}` },
    el("h2", {}, title),
    note && el("p", { class: "quiet" }, note), el("figure", {}, content));
}

/** A panel with a plot, which can be saved as a picture. */
function picture(title, note, content, kind) {
  if (!content) return null;
  const file = fileName(data.sections[state.section], `${title.toLowerCase().replaceAll(" ", "-")}.svg`);
  const button = el("button", { type: "button", class: "save", "aria-label": `Save the picture “${title}” as SVG`,
    onclick: () => savePicture(content, file) }, "save SVG");
  const found = panel(title, note, content, kind);
  found.prepend(button);
  return found;
}

function fact(name, value, note, own) {
  return el("div", { class: `fact ${own ? "own" : ""}` }, el("span", { class: "quiet" }, name),
    el("b", {}, value, " ", el("small", {}, note)));
}

function facts(section) {
  const lines = good(section), first = lines[0], own = lines.find((line) => line.ours);
  const found = [fact(section.files > 1 ? `Original, ${section.files} files` : "Original", count(section.bytes), "bytes")];
  if (first) found.push(fact(`Smallest: ${first.label}`, fixed(first.bpc, 3), "bpc", first.ours));
  if (own && own !== first) found.push(fact(`Our smallest: ${own.label}`, fixed(own.bpc, 3), "bpc", true));
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
  return plain("Published elsewhere", [["System"], ["Bytes"], ["bpc"], ["Hardware", "text small"], ["Note", "text small"], ["Source", "small"]], rows);
}

function matrix() {
  const sections = data.sections.map(filtered).filter((section) => good(section).length);
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
  return plain("All inputs", names, rows);
}

function versions(section) {
  const found = {};
  for (const line of section.lines) (found[line.version] ||= []).push(line.label);
  return Object.entries(found).map(([version, labels]) => `${version}: ${labels.join(", ")}`);
}

function totals() {
  if (!data.totals.length) return null;
  return plain("With the decompressor counted in", [["Model"], ["Input", "text"], ["File"], ["Decompressor"], ["Total"], ["Hutter Prize", "text small"]],
    data.totals.map((each) => [each.label, each.input, count(each.archive), count(each.decoder), count(each.total), each.prize]));
}

/** Whether everything was decoded to the same bytes. */
function proof() {
  const lines = data.sections.filter((section) => section.files === 1).flatMap((section) => section.lines);
  const wrong = lines.filter((line) => line.status === "mismatch").length;
  const failed = lines.filter((line) => line.status !== "ok").length - wrong;
  const right = lines.length - wrong - failed;
  if (!wrong && !failed) return el("p", { class: "proof good" }, `✓ all ${right} cells decoded to the same bytes`);
  const parts = [`${right} of ${lines.length} cells decoded to the same bytes`];
  if (wrong) parts.push(`${wrong} to OTHER bytes`);
  if (failed) parts.push(`${failed} did not finish`);
  return el("p", { class: `proof ${wrong ? "bad" : "warn"}` }, parts.join(", "));
}

function verdict(section) {
  const found = section.verdict;
  return found && el("section", { class: "panel verdict" }, el("h2", {}, `Which should I take for ${name(section)}?`),
    el("p", { class: "head" }, found.head), el("ul", {}, found.advice.map((text) => el("li", {}, text))));
}

// --- the whole page -----------------------------------------------------------------------------------------

/** What stays while the view changes. */
function drawTop() {
  const several = data.sections.length > 1;
  const options = {};
  data.sections.forEach((section, n) => {
    (options[section.group || ""] ||= []).push(el("option", { value: n, selected: n === state.section }, name(section)));
  });
  const groups = Object.entries(options).map(([group, each]) => (group ? el("optgroup", { label: group }, each) : each));
  const pick = el("select", { onchange: (event) => change({ section: +event.target.value }) }, groups.flat());
  const press = (way) => el("button", {
    type: "button", "aria-pressed": `${state.way === way}`, onclick: (event) => {
      for (const each of event.target.parentNode.children) each.setAttribute("aria-pressed", `${each === event.target}`);
      change({ way });
    },
  }, `${way} speed`);
  const only = el("input", { type: "search", value: state.only, placeholder: "such as: xz zstd default",
    oninput: (event) => change({ only: event.target.value }) });
  document.getElementById("top").replaceChildren(
    el("h1", {}, several ? "Compression benchmark" : `Compression benchmark: ${name(data.sections[0])}`),
    el("p", { class: "quiet" }, `rnncompress ${data.version} · ${data.made}`,
      data.commits.length ? ` · ${data.commits.map((id) => id.slice(0, 10) + id.slice(40)).join(", ")}` : ""),
    proof(),
    ...data.warnings.map((text) => el("p", { class: "warning" }, `⚠ ${text}.`)),
    el("div", { class: "controls" },
      several ? el("label", {}, "Input", pick) : "",
      el("div", { class: "switch", role: "group", "aria-label": "Which speed" }, press("encode"), press("decode")),
      el("label", {}, "Only", only),
      el("button", { type: "button", class: "save", onclick: () => saveData(filtered(data.sections[state.section])) }, "save CSV")));
}

function change(what) {
  Object.assign(state, what);
  writeAddress();
  draw();
}

function draw(onPaper) {
  const section = filtered(data.sections[state.section]);
  const view = document.getElementById("view");
  const kept = [scrollY, document.activeElement && document.activeElement.id];
  const full = onPaper ? 690 : Math.min(view.clientWidth || 1140, 1140);
  const narrow = !onPaper && full < 720;
  const inner = (columns) => (narrow ? full - 30 : (full - 14 * (columns - 1)) / columns - 38);
  const curveHeight = Math.min(560, Math.max(320, (onPaper ? 18 : 23) * section.lines.length - 16));
  hideTip();
  view.replaceChildren(...[
    verdict(section),
    section.lines.length ? null : el("p", { class: "warning" }, `No codec here is called “${state.only}”.`),
    facts(section),
    el("div", { class: "panels" }, [
      picture("Size against speed", `★ and the line: the Pareto front; nothing on the same device is smaller and faster to ${state.way}. Filled points are on it or ours. The axis of sizes gives more room where many are close together.`,
        scatter(section, state.way, inner(1)), "wide"),
      picture("Bits per character along the file", "Learning while coding; several streams code at several places of the file in turn. Thick: all bytes so far; thin: the last ones. Dashed: others, for the whole file.",
        curves(section, inner(2), narrow ? 320 : curveHeight)),
      panel("Compressed size", "Bytes on disk, everything included that decoding needs to know.",
        good(section).length ? bars(section) : null, section.lines.some((line) => line.curve.length > 1) ? "" : "wide"),
      panel("All measurements", "Speed from the median wall time. Memory: the peak of the process. Click a column to sort.", table(section), "wide long"),
      panel("Published elsewhere", "By others, on other machines; not measured here, and not to be ranked by speed.", published(section), "wide long"),
      panel("All inputs", "Bits per character; the smallest of each input stands out.", matrix(), "wide long"),
      panel("With the decompressor counted in", data.totals_note, totals(), "wide long"),
      panel("How this was measured", "Each cell runs in processes of its own. Every file was decoded by a fresh process in a folder that holds nothing else, and all bytes were compared.",
        el("ul", {}, [...data.machines, ...versions(section)].map((each) => el("li", { class: "quiet" }, each))), "wide"),
    ].filter(Boolean))].filter(Boolean));
  scrollTo(0, kept[0]);
  const again = kept[1] && document.getElementById(kept[1]);
  if (again) again.focus({ preventScroll: true });
}

let drawn = innerWidth;
addEventListener("resize", () => { if (innerWidth !== drawn) { drawn = innerWidth; draw(); } });
addEventListener("beforeprint", () => draw(true));
addEventListener("afterprint", () => draw());
addEventListener("hashchange", () => { readAddress(); drawTop(); draw(); });
readAddress();
drawTop();
draw();
document.documentElement.dataset.drawn = "yes";
