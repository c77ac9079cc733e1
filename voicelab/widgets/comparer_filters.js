// --- filters ----------------------------------------------------------------------------------

const ONLY = ["rated", "unrated", "starred", "selected"];
const MOST_VALUES = 24; // chips of one column; the rest is found by words

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
    if (type !== "state" && type !== "upsert") return;
    this.#adopt();
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
    const { rest } = this.#parted();
    setText(this.button, rest.length ? `Filters: ${rest.length}` : "Filters");
    this.owner.refresh();
    this.#fill();
  }

  #parted() {
    return { rest: Object.keys(this.set).filter((name) => name !== "text") };
  }

  asksSelection() {
    return this.set.only?.includes("selected") ?? false;
  }

  /** Tell of a row whether it passes all that is set. */
  test() {
    const words = this.owner.filter.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    const tests = this.#parted().rest.map((name) => this.#testOf(name, this.set[name])).filter(Boolean);
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
    const { rest } = this.#parted();
    const set = rest.map((name) => `${name.replaceAll("_", " ")} ${this.set[name].map((v) => v ?? "…").join(", ")}`);
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
    const keys = [...this.owner.sorting.columns].filter(([key]) => key === "provider" || key === "state" || key.startsWith("variable:"));
    this.panel.replaceChildren(
      this.#chips("only", "only", ONLY),
      ...keys.map(([key, { title }]) => this.#chips(this.owner.sorting.columnOf(key), title, this.#values(key))).filter(Boolean),
      this.#ranges(),
      el("button", { type: "button", class: "clear", "data-name": "clear", onclick: () => this.clear() }, "Clear all filters"));
    if (name) this.panel.querySelector(`[data-name="${CSS.escape(name)}"]`)?.focus();
  }

  #values(key) {
    const { get } = this.owner.sorting.columns.get(key);
    return [...new Set([...this.owner.rows.values()].map((row) => asText(get(row))))].sort(collator.compare);
  }

  #chips(column, title, values) {
    if (values.length < 2) return null;
    const set = (this.set[column] ?? []).map(asText);
    const chips = values.slice(0, MOST_VALUES).map((value) => el("button", {
      type: "button", class: "chip", "data-name": `${column} ${value}`, "aria-pressed": set.includes(value),
      onclick: () => this.#put(column, set.includes(value) ? set.filter((other) => other !== value) : [...set, value]),
    }, el("bdi", { dir: "auto" }, value || "none")));
    const more = values.length > MOST_VALUES ? [el("span", {}, `and ${values.length - MOST_VALUES} more: filter by words`)] : [];
    return el("div", { class: "chips", role: "group", "aria-label": title }, el("span", { class: "of" }, title), ...chips, ...more);
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
