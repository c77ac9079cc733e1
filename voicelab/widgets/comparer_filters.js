// --- filters ----------------------------------------------------------------------------------

const ONLY = ["rated", "unrated", "starred", "selected"];
const MOST_VALUES = 24; // chips of one column; where there are more, or long ones, a list has them
const MOST_LETTERS = 240; // of all chips of one column
const MOST_LISTED = 1000; // the rest is found by words
const FIRST = ["provider", "state"]; // what most people filter by; then variables, then all else

/** Which rows are shown: words, and what columns hold, as Python reads and sets it in `filters`. */
class Filters {
  help = [["/", "filter by words"], ["shift f", "more filters"]];

  constructor(owner) {
    Object.assign(this, { owner, set: {}, told: "{}" });
    owner.watch("filters", () => this.#adopt());
  }

  tools() {
    this.button = el("button", {
      class: "filtering", type: "button", "aria-expanded": "false", onclick: () => this.#toggle(),
    }, "Filters");
    return [this.button];
  }

  drawer() {
    this.panel = el("div", { class: "drawer filters", role: "group", "aria-label": "Filters", hidden: "" });
    return this.panel;
  }

  keys() {
    return { "/": () => this.owner.filter.focus(), "shift f": () => this.#toggle() };
  }

  receive({ type }) {
    if (type === "state" || type === "upsert") this.#adopt();
    else if (type === "saved") this.#fill(); // a rating nobody had given may be filtered by now
  }

  #adopt() {
    const found = this.owner.model.get("filters") ?? {};
    this.told = JSON.stringify(found);
    this.set = structuredClone(found);
    const words = this.owner.filter;
    if (words !== words.getRootNode().activeElement) words.value = this.set.text ?? "";
    this.#changed();
  }

  /** Take the words somebody types; Python hears of them when the typing rests. */
  typed() {
    this.#put("text", this.owner.filter.value.trim() || null);
  }

  /** Set one filter, or take it away. */
  #put(name, value) {
    if (value === null || (Array.isArray(value) && !value.length)) delete this.set[name];
    else this.set[name] = value;
    clearTimeout(this.resting);
    this.resting = this.owner.later(() => this.#tell(), 200);
    this.#changed();
  }

  #tell() {
    if (JSON.stringify(this.set) === this.told) return;
    this.told = JSON.stringify(this.set);
    this.owner.tell("filters", structuredClone(this.set));
  }

  #changed() {
    const { length } = this.#columnsSet;
    setText(this.button, length ? `Filters: ${length}` : "Filters");
    this.owner.refresh();
    this.#fill();
  }

  /** The names of all that is set beside the words. */
  get #columnsSet() {
    return Object.keys(this.set).filter((name) => name !== "text");
  }

  asksSelection() {
    return this.set.only?.includes("selected") ?? false;
  }

  /** Tell of a row whether it passes all that is set. */
  test() {
    const words = this.owner.filter.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    const tests = this.#columnsSet.map((name) => this.#testOf(name, this.set[name])).filter(Boolean);
    if (words.length) tests.push((row) => words.every((word) => (row.haystack ??= haystack(row)).includes(word)));
    return (row) => tests.every((passes) => passes(row));
  }

  #testOf(name, wanted) {
    if (name === "only") return (row) => wanted.every((what) => this.#is(row, what));
    const key = this.owner.sorting.keyOf(name);
    if (!key) return null; // of another comparison
    const { get } = this.owner.sorting.columns.get(key);
    if (!key.startsWith("measure:")) return (row) => wanted.map(asText).includes(asText(get(row)));
    const [low, high] = wanted;
    return (row) => isNumber(get(row)) && get(row) >= (low ?? -Infinity) && get(row) <= (high ?? Infinity);
  }

  #is(row, what) {
    if (what === "rated") return Boolean(row.rating);
    if (what === "unrated") return !row.rating;
    return what === "starred" ? Boolean(row.starred) : this.owner.choice.chosen.has(row.id);
  }

  /** What is filtered by, in words; for the place of rows where none is left. */
  inWords() {
    const words = this.owner.filter.value.trim();
    const set = this.#columnsSet.map((name) => `${name.replaceAll("_", " ")} ${this.set[name].map((v) => v ?? "…").join(", ")}`);
    return [words ? `“${words}”` : "", ...set].filter(Boolean).join(" and ");
  }

  clear() {
    this.owner.filter.value = "";
    this.set = {};
    this.#put("text", null);
    this.owner.focus();
  }

  // the drawer

  #toggle() {
    this.panel.hidden = !this.panel.hidden;
    this.button.setAttribute("aria-expanded", !this.panel.hidden);
    this.#fill();
    if (this.panel.hidden) this.owner.focus();
    else this.panel.querySelector("button")?.focus();
  }

  #fill() {
    if (this.panel.hidden || !this.owner.known) return;
    const focused = this.panel.getRootNode().activeElement;
    const name = this.panel.contains(focused) ? focused.dataset.name : null;
    this.panel.replaceChildren(
      this.#choices("only", "only", ONLY),
      ...this.#columns().map(([key, { title, column }]) => this.#choices(column, title, this.#values(key))).filter(Boolean),
      ...this.#strangers().map((column) => this.#choices(column, column, [])),
      this.#ranges(),
      el("button", { type: "button", class: "clear", "data-name": "clear", onclick: () => this.clear() }, "Clear all filters"));
    if (name) this.panel.querySelector(`[data-name="${CSS.escape(name)}"]`)?.focus();
  }

  /** The columns of words, those first that are filtered by most. */
  #columns() {
    const rank = (key) => (FIRST.includes(key) ? 0 : key.startsWith("variable:") ? 1 : 2);
    const columns = [...this.owner.sorting.columns].filter(([key]) => key && !key.startsWith("measure:"));
    return columns.sort(([a], [b]) => rank(a) - rank(b));
  }

  /** What is set of columns that no row has: it can be taken away. */
  #strangers() {
    return this.#columnsSet.filter((name) => name !== "only" && !this.owner.sorting.keyOf(name));
  }

  /** The values of a column, in order: numbers and truths as such, for Python to see. */
  #values(key) {
    const { get } = this.owner.sorting.columns.get(key);
    const found = new Map([...this.owner.rows.values()].map((row) => [asText(get(row)), get(row) ?? ""]));
    return [...found.values()].sort((a, b) => collator.compare(asText(a), asText(b)));
  }

  /** What is set of a column, and what else there is: as chips, or as a list where that is much. */
  #choices(column, title, values) {
    const set = this.set[column] ?? [];
    const known = new Set(values.map(asText));
    const all = [...values, ...set.filter((value) => !known.has(asText(value)))];
    if (all.length < 2 && !set.length) return null;
    const few = all.length <= MOST_VALUES && all.map(asText).join("").length <= MOST_LETTERS;
    const on = new Set(set.map(asText));
    const chips = (few ? all : all.filter((value) => on.has(asText(value)))).map((value) => this.#chip(column, value, on));
    const list = few ? [] : [this.#list(column, title, all.filter((value) => !on.has(asText(value))))];
    return el("div", { class: "chips", role: "group", "aria-label": title }, el("span", { class: "of" }, title), ...chips, ...list);
  }

  #chip(column, value, on) {
    const text = asText(value);
    const words = { true: "yes", false: "no", "": "none" }[text] ?? text;
    return el("button", {
      type: "button", class: "chip", title: words, "data-name": `${column} ${text}`, "aria-pressed": on.has(text),
      onclick: () => this.#switch(column, value, !on.has(text)),
    }, el("bdi", { dir: "auto" }, words));
  }

  #switch(column, value, on) {
    const others = (this.set[column] ?? []).filter((other) => asText(other) !== asText(value));
    this.#put(column, on ? [...others, value] : others);
  }

  #list(column, title, values) {
    const more = values.length - MOST_LISTED;
    const options = values.slice(0, MOST_LISTED).map((value, place) => el("option", { value: place }, asText(value) || "none"));
    return el("select", {
      "aria-label": `Add a ${title}`, "data-name": `${column} add`,
      onchange: (event) => this.#switch(column, values[event.target.value], true),
    }, el("option", { value: "" }, `add one of ${values.length}…`), ...options,
    ...(more > 0 ? [el("option", { disabled: "" }, `and ${more} more: filter by words`)] : []));
  }

  /** Ranges of measures: those that are set, and a place for one more. */
  #ranges() {
    const set = this.owner.columns.filter(({ name }) => this.set[name]);
    const other = this.owner.columns.filter(({ name }) => !this.set[name]);
    const pick = el("select", {
      "aria-label": "Add a range of a measure", "data-name": "add",
      onchange: (event) => this.#put(event.target.value, [null, null]),
    }, el("option", { value: "" }, "add a range…"),
    ...other.map(({ name, title }) => el("option", { value: name }, title)));
    return el("div", { class: "chips", role: "group", "aria-label": "Ranges of measures" },
      el("span", { class: "of" }, "measures"), ...set.map((column) => this.#range(column)), pick);
  }

  #range({ name, title, unit }) {
    const end = (place, words) => el("input", {
      type: "number", step: "any", value: this.set[name][place] ?? "", placeholder: words,
      "aria-label": `${title}, ${words}`, "data-name": `${name} ${place}`,
      onchange: (event) => this.#put(name, this.set[name].with(place, event.target.value === "" ? null : Number(event.target.value))),
    });
    return el("span", { class: "range" }, `${title} `, end(0, "from"), " – ", end(1, "to"), unit ? ` ${unit} ` : " ",
      el("button", {
        type: "button", "aria-label": `No range of ${title}`, "data-name": `${name} drop`, onclick: () => this.#put(name, null),
      }, "×"));
  }

  close() {
    clearTimeout(this.resting);
  }
}

function asText(value) {
  return value === null || value === undefined ? "" : String(value);
}
