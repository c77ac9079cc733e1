// --- the choice of rows, and opinions on them -------------------------------------------------

const KEPT_OPINIONS = 100; // that can be undone

/** Selects rows, stars them, and takes the last opinion back. */
class Choice {
  constructor(owner) {
    Object.assign(this, { owner, chosen: new Set(), anchor: "", done: [], mark: `${Math.random()}` });
    this.help = [
      ["shift space", "select or not"], ["shift ↑ ↓", "extend the selection"], ["shift a", "select all shown, or none"],
      ...(owner.frozen ? [] : [["shift x", "star or not"], ["shift n", "write a note"],
        ["shift u", "undo the last rating, star or note"]]),
    ];
  }

  tools() {
    this.box = el("input", {
      class: "all", type: "checkbox", "aria-label": "Select all shown", onchange: () => this.#all(),
    });
    this.words = el("span", { class: "selection" });
    return [el("label", { class: "choosing", title: "Select all shown, or none. Key: shift a" }, this.box, this.words)];
  }

  keys() {
    const { owner } = this;
    const own = {
      "shift  ": () => this.#toggle(owner.active), "shift a": () => this.#all(),
      "shift ArrowDown": () => this.#extend(1), "shift ArrowUp": () => this.#extend(-1),
    };
    if (owner.frozen) return own;
    return { ...own, "shift x": () => this.star(owner.active), "shift n": () => owner.focusNote(), "shift u": () => this.#undo() };
  }

  receive(message) {
    const own = message.type === "selected" && message.by === this.mark;
    if (!own && (message.selected || message.type === "selected")) this.#take(message.selected ?? message.ids);
    if (message.type === "saved") this.#said(message);
  }

  #take(ids) {
    this.chosen = new Set(ids);
    this.told = this.#inOrder().join();
    this.owner.refresh();
    this.owner.speak(this.#count());
  }

  row({ id, parts: { chosen, starred }, element, isActive }) {
    const row = this.owner.unsaved.over(this.owner.rows.get(id));
    const on = this.chosen.has(id);
    chosen.checked = on;
    chosen.tabIndex = starred.tabIndex = isActive ? 0 : -1;
    setAttribute(chosen, "aria-label", `Select ${nameOf(row)}`);
    setAttribute(element, "aria-selected", on);
    setAttribute(starred, "aria-pressed", Boolean(row.starred));
    setAttribute(starred, "aria-label", `Star ${nameOf(row)}`);
    starred.title = row.starred ? "Starred: press to take the star back (shift x)" : "Star it, to come back to it (shift x)";
    starred.disabled = this.owner.frozen;
    starred.hidden = this.owner.frozen && !row.starred;
  }

  drawn() {
    const { shown } = this.owner;
    const on = shown.reduce((count, id) => count + this.chosen.has(id), 0);
    this.box.checked = on > 0 && on === shown.length;
    this.box.indeterminate = on > 0 && on < shown.length;
    setText(this.words, this.chosen.size ? `${this.chosen.size} selected` : "select");
  }

  /** A click selects a row; with shift, all from the last one that was clicked. */
  click(id, event) {
    event.stopPropagation();
    if (!event.shiftKey || !this.anchor) return this.#toggle(id);
    const { shown } = this.owner;
    const [from, to] = [shown.indexOf(this.anchor), shown.indexOf(id)].sort((a, b) => a - b);
    for (const one of shown.slice(Math.max(0, from), to + 1)) this.chosen.add(one);
    this.#changed(this.#count());
  }

  #toggle(id) {
    this.anchor = id;
    const on = !this.chosen.has(id);
    if (on) this.chosen.add(id);
    else this.chosen.delete(id);
    this.#changed(`${nameOf(this.owner.rows.get(id))} ${on ? "selected" : "not selected"}, ${this.#count()}`);
  }

  /** Move the active row on, and select both: back over a selected row, let the one left go. */
  #extend(step) {
    const { owner } = this;
    const { shown, active } = owner;
    const next = shown[shown.indexOf(active) + step];
    if (!next) return;
    const back = this.chosen.has(active) && this.chosen.has(next) && this.anchor !== active;
    if (back) this.chosen.delete(active);
    else this.chosen.add(active);
    if (!this.anchor || !this.chosen.has(this.anchor)) this.anchor = active;
    this.chosen.add(next);
    owner.inView.move(step);
    this.#changed(`${nameOf(owner.rows.get(next))} selected, ${this.#count()}`);
  }

  #all() {
    const { shown } = this.owner;
    const all = shown.every((id) => this.chosen.has(id));
    if (all) this.chosen.clear();
    else for (const id of shown) this.chosen.add(id);
    this.#changed(this.#count());
  }

  #count() {
    return this.chosen.size ? `${this.chosen.size} of ${this.owner.rows.size} selected` : "nothing selected";
  }

  #changed(words) {
    this.tell();
    if (this.owner.filters.asksSelection()) this.owner.refresh();
    else this.owner.draw();
    this.owner.speak(words);
  }

  /** Tell Python, in the order of the view; also when only the order has changed. */
  tell() {
    const ids = this.#inOrder();
    if (ids.join() === (this.told ?? "")) return;
    this.told = ids.join();
    if (!this.owner.frozen) this.owner.kernel.send({ type: "select", ids, by: this.mark });
  }

  #inOrder() {
    if (!this.chosen.size) return [];
    const shown = this.owner.matching.filter((id) => this.chosen.has(id));
    const hidden = [...this.owner.rows.keys()].filter((id) => this.chosen.has(id));
    return [...new Set([...shown, ...hidden])];
  }

  // opinions

  star(id) {
    this.owner.star(id, !this.owner.rows.get(id).starred);
  }

  /** Remember what an opinion was before it is changed. */
  remember(id, what, before) {
    this.done.push({ id, what, before });
    if (this.done.length > KEPT_OPINIONS) this.done.shift();
  }

  #undo() {
    const last = this.done.pop();
    if (!last) return this.owner.speak("nothing to undo");
    this.owner.opine(last.id, last.what, last.before, { undoing: true });
  }

  #said({ id, ...message }) {
    const row = this.owner.rows.get(id);
    if (!row) return;
    const words = "rating" in message ? (message.rating ? `rated ${message.rating} of 5` : "rating taken back")
      : "starred" in message ? (message.starred ? "starred" : "star taken back")
        : message.note ? "note kept" : "note taken back";
    this.owner.speak(`${nameOf(row)}: ${words}`);
  }
}
