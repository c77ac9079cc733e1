// The comparer: every trial of a comparison as one row that is heard, seen, measured and rated.
// Plain ESM for anywidget; the exported page runs the same file with a model that answers from
// the page. Words from prompts and vendors enter the document as text only, never as markup.

const HEAD = 30; // px; the ruler over the rows
const SPARE = 2; // rows kept above and below the view
const AT_FIRST = 600; // px; how high the list is taken to be before it stands
const FADE = 0.01; // s; one voice fades into the next
const LATENCY = 0.01; // s; what a browser renders at once when it does not say
const LEAD = 0.005; // s; a sound is scheduled this far beyond it
const QUANTUM = 0.003; // s; a little more than the 128 samples that are rendered in one go
const WIDEST = 0.04; // s; further ahead is not worth it
const PATIENCE = 2000; // ms the browser has to start the sound
const DECODED = 24; // clips kept decoded: about 1 MB each
const FETCHED = 8; // clips kept as they came until the first gesture
const SLOW = 1000; // ms without an answer until we say that we wait
const SILENT = 8000; // ms without an answer until we say that nobody is there
const MEASURES = 9; // numbers on a row; the details show all
const MAIN = [
  "duration_s", "f0_median_hz", "f0_range_st", "speech_rate_syl_s", "pause_share", "loudness_lufs",
  "centroid_hz", "hnr_db", "true_peak_dbtp",
]; // these first, then whatever else is measured

const IN_WORDS = {
  queued: "Queued: not sent yet.",
  sent: "Sent: waiting for the first answer.",
  waiting: "The vendor has accepted it and is working on the voice.",
  failed: "Failed.",
  "in doubt": "In doubt: it was sent, and no answer was kept.",
};
let drawnRows = 0; // numbers the elements that others refer to

/** Make an element; `on…` attributes are listeners, children are nodes or text. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), edged(value));
    else if (value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set an attribute where it is another: scrolling sets very many that are not. */
function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

function bytesOf(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function decimals(value, digits) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

function withUnit(value, column) {
  if (column.name.endsWith("_share")) {
    const percent = decimals(typeof value === "number" ? 100 * value : value, 0);
    return percent === "–" ? percent : `${percent} %`;
  }
  const number = decimals(value, column.decimals ?? 1);
  return number === "–" || !column.unit ? number : `${number} ${column.unit}`;
}

/** Another one when the row has another clip. */
function versionOf({ clip }) {
  return JSON.stringify([clip?.duration_s, clip?.gain_db]);
}

/** What cannot be heard of a row, in words; nothing when it can be played. */
function trouble(row) {
  if (row.clip) return row.clip.error;
  if (row.state === "done") return "No trial audio came with this voice.";
  if (row.error) return `${row.state[0].toUpperCase()}${row.state.slice(1)}: ${row.error}`;
  return IN_WORDS[row.state] ?? row.state;
}

// --- one row ----------------------------------------------------------------------------------

/** The elements of one trial; `update` brings them to what the comparer knows.
 *
 * They become another trial's when it is scrolled into view. What was drawn into them is in
 * `drawn`, which is then empty.
 */
class Row {
  constructor(id, owner) {
    Object.assign(this, { id, owner, parts: {}, drawn: {}, name: `voicelab-row-${++drawnRows}` });
    const part = (name, tag, attributes = {}, ...children) =>
      (this.parts[name] = el(tag, { class: name, ...attributes }, ...children));
    const stars = [1, 2, 3, 4, 5].map((n) =>
      el("button", { type: "button", class: "star", "data-star": n, onclick: () => this.#rate(n) }, "★"),
    );
    this.element = el(
      "div",
      {
        class: "row", role: "row", id: this.name, "data-trial": id, "aria-describedby": `${this.name}-words`,
        onpointerdown: () => owner.activate(this.id),
      },
      el("div", { class: "start", role: "gridcell" },
        part("play", "button", { type: "button", onclick: (event) => this.#toggle(event) }),
        part("key", "kbd", { "aria-hidden": "true" }),
        part("chosen", "input", { type: "checkbox", onclick: (event) => owner.choice.click(this.id, event) })),
      el("div", { class: "who", role: "rowheader" },
        part("label", "div", { dir: "auto" }),
        el("div", { class: "origin" },
          part("provider", "span"), part("take", "span"), part("emulated", "span", { class: "badge engine" }),
          part("reference", "span", { class: "badge" })),
        part("prompt", "div", { dir: "auto" }),
        part("saying", "p", { id: `${this.name}-words` })),
      picturesOf(part, (event) => this.#seek(event)),
      el("div", { class: "measured", role: "gridcell" }, part("measures", "dl")),
      el("div", { class: "mine", role: "gridcell" },
        el("div", { class: "opinion" },
          part("stars", "div", { role: "radiogroup", onkeydown: (event) => this.#starKey(event) }, ...stars),
          part("starred", "button", { type: "button", onclick: () => owner.choice.star(this.id) }, "♥")),
        part("given", "span"),
        part("note", "input", {
          type: "text", dir: "auto", placeholder: "note", autocomplete: "off",
          title: "Enter, or leaving it, saves the note; Escape leaves it as it was",
          onchange: (event) => owner.note(this.id, event.target.value),
        }),
        part("read", "div", { dir: "auto" }),
        part("gain", "div", { role: "note" })),
    );
  }

  become(id) {
    Object.assign(this, { id, drawn: {} });
    this.element.dataset.trial = id;
    for (const canvas of this.element.querySelectorAll("canvas")) canvas.width = 0;
  }

  #toggle(event) {
    if (event.detail) this.owner.focus(); // pointer: keys go on working
    this.owner.toggle(this.id);
  }

  #seek(event) {
    this.owner.seekIn(this.id, this.owner.timeline.timeUnder(event));
  }

  #rate(stars) {
    this.owner.rate(this.id, this.owner.rows.get(this.id).rating === stars ? null : stars);
  }

  #starKey(event) {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const stars = [...this.parts.stars.children];
    stars[Math.min(4, Math.max(0, stars.indexOf(event.target) + step))].focus();
  }

  /** Only the active row is in the tab order: ten thousand rows are one stop. */
  get isActive() {
    return this.owner.active === this.id && !this.isReference;
  }

  update(place, count) {
    this.place = place;
    const { owner, parts, element } = this;
    const row = owner.rows.get(this.id);
    const name = nameOf(row);
    const playing = owner.player.playing === this.id;
    const broken = owner.broken.get(this.id) ?? trouble(row) ?? this.#waiting();
    element.style.transform = `translateY(${this.isReference ? 0 : owner.inView.topOf(this.id)}px)`;
    const state = {
      "aria-posinset": place + 1, "aria-setsize": count, "aria-current": owner.active === this.id,
      "aria-label": name, "aria-rowindex": place + 1, "aria-level": owner.groups.by ? 2 : 1, "data-state": row.state, "data-playing": playing, "data-loading": owner.loading === this.id,
    };
    for (const key in state) setAttribute(element, key, state[key]);
    parts.play.disabled = Boolean(trouble(row));
    setAttribute(parts.play, "aria-pressed", playing);
    setAttribute(parts.play, "aria-label", `${playing ? "Pause" : "Play"} ${name}`);
    parts.play.title = playing ? "Pause" : "Play";
    for (const control of [parts.play, parts.note]) control.tabIndex = this.isActive ? 0 : -1;
    setText(parts.key, this.isReference ? "." : JUMPS[place] ?? "");
    setText(parts.label, row.label);
    parts.label.title = row.label;
    setText(parts.provider, row.provider);
    setText(parts.take, row.take ? `take ${row.take}` : "");
    setText(parts.emulated, row.emulated ? "emulated" : row.provider === "local" ? "test engine" : "");
    parts.emulated.classList.toggle("loud", row.emulated);
    parts.emulated.title = row.emulated
      ? "This voice comes from an emulator, not from the vendor."
      : "Made by the built-in test engine on this machine.";
    setText(parts.prompt, row.prompt);
    parts.prompt.title = row.prompt;
    setText(parts.words, broken ?? "");
    parts.words.title = broken ?? "";
    this.#opinion(owner.unsaved.over(row), name);
    for (const part of owner.parts) part.row?.(this);
  }

  /** That no kernel answers is said on each row that waits for it. */
  #waiting() {
    const { owner, id } = this;
    return owner.silence && (owner.loading === id || !owner.peaks.has(id)) ? owner.silence : null;
  }

  #opinion(row, name) {
    const { stars, note, given, read } = this.parts;
    setAttribute(stars, "aria-label", `Rating of ${name}`);
    for (const star of stars.children) {
      const n = Number(star.dataset.star);
      setAttribute(star, "role", "radio");
      setAttribute(star, "aria-checked", row.rating === n);
      setAttribute(star, "aria-label", `${n} of 5 stars`);
      star.tabIndex = n === (row.rating ?? 1) && this.isActive ? 0 : -1;
      star.classList.toggle("on", n <= (row.rating ?? 0));
    }
    setText(given, row.rating ? "★".repeat(row.rating) + "☆".repeat(5 - row.rating) : "not rated");
    given.classList.toggle("none", !row.rating);
    setAttribute(given, "aria-label", row.rating ? `${row.rating} of 5 stars` : "not rated");
    setAttribute(note, "aria-label", `Note on ${name}`);
    if (note !== note.getRootNode().activeElement) note.value = row.note;
    setText(read, row.note);
  }
}

