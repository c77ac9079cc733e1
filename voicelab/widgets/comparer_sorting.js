
// --- the order of the rows --------------------------------------------------------------------

const PLAIN = ["label", "prompt", "provider", "take", "rating", "starred", "state", "emulated", "language"];
const collator = new Intl.Collator(undefined, { numeric: true });

/** Compare two cells; what is missing comes last in either direction. */
function compare(a, b, direction) {
  const [noA, noB] = [a, b].map((v) => v === null || v === undefined || v === "");
  if (noA || noB) return noA - noB;
  return direction * (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b));
}

/** By which column the rows are sorted, and which columns there are to sort, filter and group by. */
class Sorting {
  columns = new Map();
  key = "";
  direction = 1;

  constructor(owner) {
    this.owner = owner;
    owner.watch("sort", () => this.#adopt());
  }

  tools() {
    this.select = el("select", { class: "sorts", onchange: () => this.by(this.select.value, this.direction) });
    this.way = el("button", { class: "way", type: "button", onclick: () => this.by(this.key, -this.direction) });
    return [el("span", { class: "order" }, el("label", { class: "sorting" }, "sort by ", this.select), this.way)];
  }

  /** Every column by its key: what it is called here and in the frame, and what a row has in it. */
  #known() {
    const { owner } = this;
    const names = [...new Set([...owner.rows.values()].flatMap((row) => Object.keys(row.variables)))];
    return new Map([
      ["", { title: "batch order", column: "", get: () => null }],
      ...PLAIN.map((key) => [key, { title: key, column: key, get: (row) => row[key] }]),
      ...names.map((name) => [`variable:${name}`, {
        title: `{${name}}`, column: owner.variables[name] ?? name, get: (row) => row.variables[name],
      }]),
      ...owner.columns.map(({ name, title, unit }) => [`measure:${name}`, {
        title: unit ? `${title}, ${unit}` : title, column: name, get: (row) => row.measures[name],
      }]),
    ]);
  }

  columnOf(key) {
    return this.columns.get(key)?.column ?? "";
  }

  keyOf(column) {
    for (const [key, known] of this.columns) if (known.column === column) return key;
  }

  /** Take the columns of rows that have come. */
  take() {
    this.columns = this.#known();
    if (!this.columns.has(this.key)) this.key = "";
    this.select.replaceChildren(...[...this.columns].map(([value, { title }]) => el("option", { value }, title)));
    this.#adopt();
  }

  #adopt() {
    const wanted = this.owner.model.get("sort") ?? "";
    this.#set(this.keyOf(wanted.replace(/^-/, "")) ?? "", wanted.startsWith("-") ? -1 : 1);
  }

  by(key, direction) {
    this.#set(key, direction);
    this.owner.tell("sort", `${direction < 0 ? "-" : ""}${this.columnOf(key)}`);
  }

  #set(key, direction) {
    Object.assign(this, { key, direction });
    this.select.value = key;
    const words = direction > 0 ? "ascending" : "descending";
    this.way.textContent = direction > 0 ? "↑" : "↓";
    this.way.title = words;
    this.way.setAttribute("aria-label", `Sorted ${words}; press to reverse`);
    this.owner.refresh();
  }

  /** Return the rows in order. */
  sorted(rows) {
    const { get } = this.columns.get(this.key) ?? {};
    if (this.key) return rows.sort((a, b) => compare(get(a), get(b), this.direction));
    return this.direction < 0 ? rows.reverse() : rows;
  }
}
