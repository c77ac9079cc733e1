// --- the reference ----------------------------------------------------------------------------

/** A number's difference from the reference's, with its sign and unit. */
function differenceInWords(value, reference, column) {
  if (!isNumber(value) || !isNumber(reference)) return "–";
  const difference = value - reference;
  const unit = column.unit === "LUFS" ? "LU" : column.unit === "dBTP" ? "dB" : column.unit;
  const words = withUnit(difference, { ...column, unit }).replace(" %", " points");
  return difference > 0 && /[1-9]/.test(words) ? `+${words}` : words;
}

/** Keeps one voice on top, that all others are heard, seen and measured against. */
class Pin {
  get help() {
    const differing = this.owner.columns.length ? [["shift v", "show differences from the reference"]] : [];
    return [["shift r", "make it the reference, or none"], ...differing, [".", "hear the reference, and back"]];
  }

  constructor(owner) {
    Object.assign(this, { owner, pinned: "", differing: false, back: "" });
    owner.watch("pinned", () => this.#pin(owner.model.get("pinned") ?? "", { quiet: true }));
  }

  tools() {
    this.box = el("input", { type: "checkbox", disabled: "", onchange: () => this.#differ(this.box.checked) });
    const hint = "Show measures as differences from the reference. Keys: shift r makes one, shift v";
    return [el("label", { class: "differing", title: hint }, this.box, " differences")];
  }

  above() {
    this.shelf = el("div", { class: "shelf", role: "treegrid", "aria-label": "Reference voice", hidden: "" });
    return this.shelf;
  }

  keys() {
    const { owner } = this;
    return {
      "shift r": () => this.#pin(owner.active === this.pinned ? "" : owner.active),
      ...(owner.columns.length ? { "shift v": () => this.#differ(!this.differing) } : {}),
      ".": () => this.#hear(),
    };
  }

  receive({ type }) {
    if (type === "state" || type === "upsert") this.#pin(this.owner.model.get("pinned") ?? "", { quiet: true });
  }

  get reference() {
    return this.owner.rows.get(this.pinned);
  }

  /** What a measure of a row is shown as. */
  cell(row, column) {
    const value = row.measures[column.name];
    const differs = this.differing && this.reference && row.id !== this.pinned;
    return differs ? differenceInWords(value, this.reference.measures[column.name], column) : withUnit(value, column);
  }

  row({ id, parts: { reference, saying }, element }) {
    const { owner } = this;
    setText(reference, id === this.pinned ? "reference" : "");
    element.classList.toggle("is-reference", id === this.pinned);
    const row = owner.rows.get(id);
    setText(saying, owner.broken.get(id) ?? rowInWords(row, this.reference));
  }

  drawn() {
    this.shelf.hidden = !this.reference;
    if (!this.reference) return this.#clear();
    if (this.top?.id !== this.pinned) {
      this.#clear();
      this.top = new Row(this.pinned, this.owner);
      this.top.isReference = true;
      this.shelf.append(this.top.element);
    }
    this.top.update(0, 1);
  }

  #clear() {
    this.top?.element.remove();
    this.top = null;
  }

  #pin(id, { quiet = false } = {}) {
    const { owner } = this;
    if (quiet && !owner.rows.has(id)) id = "";
    if (id === this.pinned) return;
    this.pinned = id;
    this.box.disabled = !id;
    if (!id) this.differing = this.box.checked = false;
    if (!quiet) owner.tell("pinned", id);
    owner.draw();
    if (!quiet) owner.speak(id ? `${nameOf(this.reference)} is the reference` : "no reference");
  }

  #differ(on) {
    if (!this.reference) return this.owner.speak("there is no reference: shift r makes the active voice one");
    this.differing = this.box.checked = on;
    this.owner.draw();
    this.owner.speak(on ? `differences from ${nameOf(this.reference)}` : "measures as they are");
  }

  /** Go on in the reference, and with the same key back to the voice before. */
  #hear() {
    const { owner } = this;
    if (!this.reference) return owner.speak("there is no reference: shift r makes the active voice one");
    const to = owner.active === this.pinned ? this.back : this.pinned;
    if (owner.active !== this.pinned) this.back = owner.active;
    if (owner.rows.has(to)) owner.to(to);
  }
}
