// --- the measures on a row --------------------------------------------------------------------

const MOST_MARKED = 3; // an extreme that more rows share tells nothing

/** What a number of a row means among all: its place, the takes beside it, and the noise of takes. */
class Spread {
  constructor(rows, column) {
    this.column = column;
    this.groups = new Map();
    this.values = [];
    for (const row of rows) this.#take(row);
    [this.low, this.high] = [Math.min(...this.values), Math.max(...this.values)];
    this.noise = this.#noise();
  }

  /** What the takes of one prompt by one provider have in common. */
  static key(row) {
    return (row.takesOf ??= JSON.stringify([row.label, row.prompt, row.preview_text, row.provider]));
  }

  #take(row) {
    const value = row.measures[this.column.name];
    if (typeof value !== "number") return;
    this.values.push(value);
    const key = Spread.key(row);
    if (this.groups.has(key)) this.groups.get(key).push(value);
    else this.groups.set(key, [value]);
  }

  /** The standard deviation between takes of one prompt by one provider, pooled over all of them. */
  #noise() {
    let [squares, freedom] = [0, 0];
    for (const takes of this.groups.values()) {
      const mean = takes.reduce((sum, value) => sum + value, 0) / takes.length;
      squares += takes.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      freedom += takes.length - 1;
    }
    return freedom ? Math.sqrt(squares / freedom) : null;
  }

  takes(row) {
    const takes = this.groups.get(Spread.key(row)) ?? [];
    return takes.length > 1 ? takes : [];
  }

  /** Where a value is, from 0 at the lowest of all to 1 at the highest. */
  place(value) {
    return this.high > this.low ? (value - this.low) / (this.high - this.low) : 0.5;
  }

  /** "best" or "worst" where one is better than the other, else "max" or "min"; mostly nothing. */
  mark(value) {
    if (typeof value !== "number" || this.values.length < 3 || !(this.high > this.low)) return "";
    const { better } = this.column;
    const rank = better === "zero" ? Math.abs : (one) => one;
    const ranks = (this.ranks ??= this.values.map(rank).sort((a, b) => a - b));
    const mine = rank(value);
    const shared = ranks.filter((one) => one === mine).length; // looked for on rows in view only
    if (shared > MOST_MARKED || ranks[0] === ranks.at(-1)) return "";
    if (mine === ranks[0]) return { high: "worst", low: "best", zero: "best" }[better] ?? "min";
    return mine === ranks.at(-1) ? { high: "best", low: "worst", zero: "worst" }[better] ?? "max" : "";
  }

  words(row) {
    const show = (value) => withUnit(value, this.column);
    const takes = this.takes(row);
    const lines = [`${this.column.title}: ${this.column.doc ?? ""}`];
    if (this.values.length > 1) lines.push(`all trials: ${show(this.low)} to ${show(this.high)}`);
    if (takes.length) lines.push(`${takes.length} takes of this prompt by ${row.provider}: ${takes.map(show).join(", ")}`);
    if (this.noise !== null) {
      const finer = { ...this.column, decimals: this.column.decimals + 1 };
      lines.push(`take-to-take noise, pooled over all prompts (standard deviation): ${withUnit(this.noise, finer)}`);
    }
    return lines.join("\n");
  }
}

/** Which measures stand on the rows, in which order, and where each number stands among all. */
class Columns {
  #spreads = new Map();

  constructor(owner) {
    this.owner = owner;
  }

  get help() {
    return this.#none ? [] : [["shift m", "choose measures"]];
  }

  keys() {
    return this.#none ? {} : { "shift m": () => this.#toggle() };
  }

  /** Whether there is no measure at all: then the style sheet hides the button, too. */
  get #none() {
    return this.owner.known && !this.owner.columns.length;
  }

  tools() {
    this.button = el("button", {
      class: "press measuring", type: "button", "aria-expanded": "false", onclick: () => this.#toggle(),
    }, "Measures");
    this.list = el("ol", {});
    this.panel = el("div", {
      class: "drawer", role: "group", "aria-label": "Measures on each row", hidden: "",
      onkeydown: (event) => event.key === "Escape" && (this.#toggle(), this.button.focus()),
    },
      el("p", {}, "On each row, in this order. The best and the worst are marked where one is better; the bar " +
        "shows a value, and the takes beside it, between the lowest and the highest of all trials."),
      this.list,
      el("button", { class: "press", type: "button", onclick: () => this.#choose([]) }, "The usual ones"));
    return [this.button, this.panel];
  }

  receive({ type }) {
    if (type === "state" || type === "upsert") this.#spreads.clear();
  }

  /** The measures in the order of the rows: the chosen ones, else the main ones. */
  get chosen() {
    const names = this.owner.choices.get("measures");
    const known = new Map(this.owner.columns.map((column) => [column.name, column]));
    const picked = names.filter((name) => known.has(name)).map((name) => known.get(name));
    if (picked.length) return picked;
    const rank = ({ name }) => (MAIN.includes(name) ? MAIN.indexOf(name) : MAIN.length);
    return [...this.owner.columns].sort((a, b) => rank(a) - rank(b)).slice(0, MEASURES);
  }

  /** The chosen ones, and always the one that is sorted by, where a narrow row shows it. */
  get shown() {
    const columns = [...this.chosen];
    const isSorted = ({ name }) => `measure:${name}` === this.owner.sorting.key;
    const sorted = this.owner.columns.find(isSorted);
    const place = columns.findIndex(isSorted);
    if (sorted && (place < 0 || place >= 6)) columns.unshift(...(place < 0 ? [sorted] : columns.splice(place, 1)));
    return columns.slice(0, this.owner.choices.get("tall") ? 2 * MEASURES : MEASURES);
  }

  #spread(column) {
    if (!this.#spreads.has(column.name)) this.#spreads.set(column.name, new Spread(this.owner.rows.values(), column));
    return this.#spreads.get(column.name);
  }

  row({ id, parts: { measures } }) {
    const row = this.owner.rows.get(id);
    const columns = this.shown;
    while (measures.children.length > columns.length) measures.lastChild.remove();
    columns.forEach((column, i) => {
      const cell = measures.children[i] ?? measures.appendChild(this.#cell());
      this.#fill(cell, column, row);
    });
  }

  #cell() {
    return el("div", {}, el("dt", {}, el("span"), el("em")), el("dd"), el("i", { "aria-hidden": "true" }));
  }

  #fill(cell, column, row) {
    const [{ children: [title, mark] }, number, bar] = cell.children;
    const value = row.measures[column.name];
    cell.classList.toggle("sorted", this.owner.sorting.key === `measure:${column.name}`);
    setText(title, column.title);
    setText(number, this.owner.pin.cell(row, column));
    cell.classList.toggle("passing", this.owner.scrolling);
    if (this.owner.scrolling) return; // how it stands among the others is drawn at rest
    const spread = this.#spread(column);
    const words = spread.mark(value);
    setText(mark, words);
    mark.className = words;
    const about = spread.words(row);
    if (cell.title !== about) cell.title = about;
    this.#bar(bar, spread, value, row);
  }

  #bar(bar, spread, value, row) {
    const takes = spread.takes(row);
    bar.hidden = typeof value !== "number" || spread.values.length < 2;
    if (bar.hidden) return;
    const places = takes.map((take) => spread.place(take));
    const key = [...places, spread.place(value)].join();
    if (bar.dataset.places === key) return;
    bar.dataset.places = key;
    const at = (name, from, to = from) => {
      const node = el("b", { class: name });
      node.style.left = `${100 * from}%`;
      if (to !== from) node.style.width = `${100 * (to - from)}%`;
      return node;
    };
    const range = places.length ? [at("takes", Math.min(...places), Math.max(...places))] : [];
    bar.replaceChildren(...range, ...places.map((place) => at("take-at", place)), at("here", spread.place(value)));
  }

  // the drawer

  drawn() {
    const key = [this.panel.hidden, ...this.chosen.map(({ name }) => name), this.owner.columns.length].join();
    if (this.panel.hidden || this.listed === key) return;
    this.listed = key;
    const focused = this.list.getRootNode().activeElement?.closest?.("li")?.dataset.name;
    const way = this.list.getRootNode().activeElement?.dataset?.way;
    const chosen = this.chosen;
    const rest = this.owner.columns.filter((column) => !chosen.includes(column));
    this.list.replaceChildren(...[...chosen, ...rest].map((column, i) => this.#item(column, i, chosen)));
    if (focused) this.#focus(focused, way);
  }

  #focus(name, way) {
    const item = [...this.list.children].find(({ dataset }) => dataset.name === name);
    const wanted = way && item.querySelector(`[data-way="${way}"]:enabled`);
    (wanted || item.querySelector("input")).focus();
  }

  #item(column, place, chosen) {
    const on = place < chosen.length;
    const move = (way, step, sign) => el("button", {
      type: "button", "data-way": way, "aria-label": `Move ${column.title} ${way}`, title: `Move ${way}`,
      disabled: on && place + step >= 0 && place + step < chosen.length ? null : "",
      onclick: () => this.#move(place, step),
    }, sign);
    const box = el("input", { type: "checkbox", onchange: () => this.#switch(column, box.checked) });
    box.checked = on;
    const unit = column.unit ? el("small", {}, ` ${column.unit}`) : "";
    return el("li", { "data-name": column.name, title: column.doc ?? "" },
      el("label", {}, box, ` ${column.title}`, unit), move("up", -1, "↑"), move("down", 1, "↓"));
  }

  #names() {
    return this.chosen.map(({ name }) => name);
  }

  #switch({ name }, on) {
    const names = this.#names().filter((other) => other !== name);
    this.#choose(on ? [...names, name] : names);
  }

  #move(place, step) {
    const names = this.#names();
    const [name] = names.splice(place, 1);
    names.splice(place + step, 0, name);
    this.#choose(names);
    setText(this.owner.live, `place ${place + step + 1} of ${names.length}`);
  }

  #choose(names) {
    this.owner.choices.set("measures", names);
  }

  #toggle() {
    this.panel.hidden = !this.panel.hidden;
    this.button.setAttribute("aria-expanded", !this.panel.hidden);
    this.owner.draw();
    if (!this.panel.hidden) this.list.querySelector("input")?.focus();
  }
}
