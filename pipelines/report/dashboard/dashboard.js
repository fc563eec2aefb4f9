// What the pages can do beyond being read. They are whole without it; nothing is asked of any server.

const byId = (id) => document.getElementById(id);
const dataOf = (id) => JSON.parse(byId(id)?.textContent ?? "null");

function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A number in at most six digits, a whole one and a text as they are. */
const shortNumber = (value) =>
  typeof value !== "number" || Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));

/** The address remembers what was looked for, so that a link shows it again. */
function remember(key, value) {
  const kept = new URLSearchParams(location.hash.slice(1));
  if (value) kept.set(key, value);
  else kept.delete(key);
  try {
    history.replaceState(null, "", `#${kept}`);
  } catch {
    // some browsers keep addresses of files as they are
  }
}

const remembered = (key) => new URLSearchParams(location.hash.slice(1)).get(key) ?? "";

function searchModels() {
  const box = byId("search");
  if (!box) return;
  const rows = [...byId("models").tBodies[0].rows].map((row) => [row, row.textContent.toLowerCase()]);
  const look = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const [row, text] of rows) {
      const isHit = words.every((word) => text.includes(word));
      row.hidden = !isHit;
      found += Number(isHit);
    }
    byId("found").textContent = words.length > 0 ? `${found} of ${rows.length}` : "";
    remember("q", box.value);
  };
  box.closest("p").hidden = false;
  box.value = remembered("q");
  box.addEventListener("input", look);
  if (box.value) look();
}

/** One part of a long table at a time: thousands of rows are kept as texts, a hundred of them as elements. */
function pageTable(holder) {
  const id = holder.dataset.paged;
  const rows = dataOf(`${id}-data`) ?? [];
  const size = Number(holder.dataset.size);
  const [filter, body] = [holder.querySelector(".filter"), holder.querySelector("tbody")];
  const [box, status, steps] = [
    filter.querySelector("input"),
    filter.querySelector("span"),
    filter.querySelectorAll("button"),
  ];
  const texts = rows.map((row) => row.join(" ").toLowerCase());
  let [start, shown] = [0, rows];
  const draw = () => {
    const part = document.createDocumentFragment();
    for (const row of shown.slice(start, start + size)) {
      const line = element("tr");
      row.forEach((text, at) => {
        const cell = element(at === 0 ? "th" : "td");
        if (at === 0) cell.scope = "row";
        cell.append(element("bdi", text));
        line.append(cell);
      });
      part.append(line);
    }
    body.replaceChildren(part);
    const last = Math.min(start + size, shown.length);
    status.textContent = shown.length === 0 ? "none" : `${start + 1} to ${last} of ${shown.length}`;
    steps[0].disabled = start === 0;
    steps[1].disabled = last >= shown.length;
  };
  const look = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = words.length === 0 ? rows : rows.filter((_, at) => words.every((word) => texts[at].includes(word)));
    start = 0;
    draw();
    remember(id, box.value);
  };
  for (const step of steps)
    step.addEventListener("click", () => {
      start = Math.max(0, start + Number(step.dataset.step) * size);
      draw();
    });
  filter.hidden = rows.length < 2;
  box.value = remembered(id);
  box.addEventListener("input", look);
  if (rows.length > size || box.value) look();
}

/** Any two versions side by side; what differs is bold. */
function compareVersions() {
  const versions = dataOf("compare-data") ?? [];
  const section = byId("compare");
  if (!section || versions.length < 2) return;
  const sides = [byId("left"), byId("right")];
  for (const side of sides)
    for (const { version } of versions.toReversed()) side.append(new Option(`v${version}`, version));
  const asked = remembered("compare").split("-");
  sides[0].value = asked[0] || versions.at(-2).version;
  sides[1].value = asked[1] || versions.at(-1).version;
  const draw = (isAsked) => {
    const two = sides.map(({ value }) => versions.find(({ version }) => String(version) === value) ?? versions[0]);
    const table = element("table");
    const isSame = (name) => String(two[0][name]) === String(two[1][name]);
    const known = [...new Set(two.flatMap(Object.keys))].filter((name) => name !== "version");
    const names = [...known.filter((name) => !isSame(name)), ...known.filter(isSame)];
    const head = table.createTHead().insertRow();
    for (const title of ["", ...two.map(({ version }) => `v${version}`)]) {
      const cell = element(title === "" ? "td" : "th", title);
      if (title !== "") cell.scope = "col";
      head.append(cell);
    }
    const body = table.createTBody();
    for (const name of names) {
      const row = body.insertRow();
      const title = element("th", name);
      title.scope = "row";
      row.append(title);
      for (const each of two) row.append(element("td", name in each ? shortNumber(each[name]) : "–"));
      if (!isSame(name)) row.className = "differs";
    }
    byId("compared").replaceChildren(table);
    if (isAsked) remember("compare", sides.map(({ value }) => value).join("-"));
  };
  for (const side of sides) side.addEventListener("change", () => draw(true));
  section.hidden = false;
  draw(false);
}

/** Parallel coordinates of a search's trials. */
function drawTrials() {
  const data = dataOf("trials-data");
  if (!data || !byId("lines")) return;
  const { names, lines, chosen } = data;
  const [width, height, top] = [760, 260, 26];
  const svg = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const x = (at) => 50 + (at * (width - 100)) / Math.max(1, names.length - 1);
  const ranges = names.map((_, at) => {
    const values = lines.map((line) => line[at]).filter((value) => value !== null);
    return [Math.min(...values), Math.max(...values)];
  });
  const y = (at, value) => {
    const [low, high] = ranges[at];
    return height - 24 - (high === low ? 0.5 : (value - low) / (high - low)) * (height - 24 - top);
  };
  names.forEach((name, at) => {
    picture.append(svg("line", { x1: x(at), x2: x(at), y1: top, y2: height - 24 }));
    for (const [place, text] of [
      [12, name.slice(0, 16)],
      [top - 2, ranges[at][1]],
      [height - 10, ranges[at][0]],
    ]) {
      const label = svg("text", { x: x(at), y: place, "text-anchor": "middle" });
      label.textContent = typeof text === "number" ? String(Number(text.toPrecision(4))) : text;
      picture.append(label);
    }
  });
  const paths = lines.map((line, of) => {
    const d = line
      .flatMap((value, at) => (value === null ? [] : [`${x(at).toFixed(1)},${y(at, value).toFixed(1)}`]))
      .join("L");
    const path = svg("path", { d: d ? `M${d}` : "" });
    if (of === chosen) path.classList.add("chosen");
    picture.append(path);
    return path;
  });
  let shown = chosen;
  const tell = (of) => {
    paths[shown]?.classList.remove("shown");
    shown = (of + lines.length) % lines.length;
    paths[shown].classList.add("shown");
    const values = names.map((name, at) => `${name} ${shortNumber(lines[shown][at] ?? "–")}`).join(", ");
    byId("trial").textContent = `Trial ${shown + 1} of ${lines.length}${shown === chosen ? ", chosen" : ""}: ${values}`;
  };
  byId("lines").append(picture);
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  byId("lines").addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault(); // else page and picture scroll away below the key
    tell(shown + step);
  });
  byId("parallel").hidden = false;
}

searchModels();
for (const holder of document.querySelectorAll("[data-paged]")) pageTable(holder);
compareVersions();
drawTrials();
