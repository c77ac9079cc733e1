// --- groups -----------------------------------------------------------------------------------

/** Puts rows under headings by a column; a heading tells how many there are, and folds them. */
class Groups {
  get help() {
    return this.owner.blind ? [] : [["shift g", "fold or unfold the group"]];
  }

  constructor(owner) {
    Object.assign(this, { owner, by: "", folded: new Set(), headings: new Map() });
    owner.watch("group", () => this.#adopt());
  }

  tools() {
    this.choice = el("select", { class: "groups", onchange: () => this.#by(this.choice.value) });
    return [el("label", { class: "sorting" }, "group by ", this.choice)];
  }

  keys() {
    return { "shift g": () => this.#fold(this.#groupOf(this.owner.active)) };
  }

  receive({ type }) {
    if (type !== "state" && type !== "upsert") return;
    const columns = [...this.owner.sorting.columns].filter(([key]) => key && !key.startsWith("measure:"));
    this.choice.replaceChildren(
      el("option", { value: "" }, "nothing"),
      ...columns.map(([key, { title }]) => el("option", { value: key }, title)));
    this.#adopt();
  }

  #adopt() {
    const key = this.owner.sorting.keyOf(this.owner.model.get("group") ?? "");
    if (key !== this.by) this.folded.clear();
    this.by = key?.startsWith("measure:") ? "" : key ?? "";
    this.choice.value = this.by;
    this.owner.refresh();
  }

  #by(key) {
    Object.assign(this, { by: key, folded: new Set() });
    this.owner.tell("group", this.owner.sorting.columnOf(key));
    this.owner.refresh();
    this.owner.inView.showActive();
    const count = new Set([...this.owner.rows.keys()].map((id) => this.#groupOf(id))).size;
    this.owner.speak(key ? `grouped by ${this.owner.sorting.columns.get(key).title}, ${count} groups` : "not grouped");
  }

  #groupOf(id) {
    const row = this.owner.rows.get(id);
    const value = row && this.by ? this.owner.sorting.columns.get(this.by).get(row) : "";
    return value === null || value === undefined || value === "" ? "" : String(value);
  }

  /** What stands from top to bottom: rows in their order, under headings where there are any. */
  items(rows) {
    if (!this.by) return rows.map(({ id }) => ({ id }));
    const groups = new Map();
    for (const { id } of rows) {
      const group = this.#groupOf(id);
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(id);
    }
    return this.#inOrder(groups).flatMap(([group, ids]) => {
      const open = !this.folded.has(group);
      const heading = { group, ids, open };
      return [heading, ...(open ? ids.map((id) => ({ id })) : [])];
    });
  }

  /** Groups in the order of their names; sorted rows keep the order of their first rows. */
  #inOrder(groups) {
    const found = [...groups];
    if (this.owner.sorting.key && this.owner.sorting.key !== this.by) return found;
    const value = ([, [id]]) => this.owner.sorting.columns.get(this.by).get(this.owner.rows.get(id));
    return found.sort((a, b) => compare(value(a), value(b), this.owner.sorting.key ? this.owner.sorting.direction : 1));
  }

  #fold(group) {
    if (!this.by) return;
    const open = this.folded.delete(group);
    if (!open) this.folded.add(group);
    this.owner.refresh();
    this.owner.inView.showActive();
    this.owner.speak(`${this.title(group)}: ${open ? "unfolded" : "folded"}`);
  }

  title(group) {
    const { title } = this.owner.sorting.columns.get(this.by);
    return `${title}: ${group || "none"}`;
  }

  /** The place of the heading under which a trial is folded away. */
  placeOf(id) {
    return this.by ? this.owner.layout.places.get(`group ${this.#groupOf(id)}`) : undefined;
  }

  /** Bring the headings in view to what is known. */
  draw(first, last) {
    const { layout, rail } = this.owner;
    const wanted = new Map();
    for (let place = first; place < last; place++) {
      if (!layout.items[place].id) wanted.set(layout.items[place].group, place);
    }
    for (const [group, heading] of this.headings) {
      if (wanted.has(group)) continue;
      heading.remove();
      this.headings.delete(group);
    }
    for (const [group, place] of wanted) this.#drawHeading(group, layout.items[place], layout.tops[place], rail);
  }

  #drawHeading(group, { ids, open }, top, rail) {
    if (!this.headings.has(group)) {
      const heading = el("div", { class: "heading", role: "row", "aria-level": 1, id: `voicelab-row-${++drawnRows}` },
        el("div", { role: "gridcell" }, el("button", {
          type: "button", tabindex: -1, onclick: () => this.#fold(group),
        }, el("bdi", { dir: "auto" }), el("span"))));
      this.headings.set(group, heading);
      rail.append(heading);
    }
    const heading = this.headings.get(group);
    const [name, count] = heading.querySelectorAll("bdi, span");
    heading.style.transform = `translateY(${top}px)`;
    setAttribute(heading, "aria-expanded", open);
    setAttribute(heading, "aria-current", !open && ids.includes(this.owner.active));
    setText(name, this.title(group));
    setText(count, `${ids.length} trial${ids.length === 1 ? "" : "s"}`);
  }
}
