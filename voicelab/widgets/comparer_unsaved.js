
// --- opinions on their way --------------------------------------------------------------------

/** What was said of a voice and is not kept: it stays on its row, marked as not saved. */
class Unsaved {
  #given = new Map(); // by trial: {rating: {value, why}, …}

  constructor(owner) {
    this.owner = owner;
  }

  /** Hold an opinion until `kept` promises that it is kept. */
  hold(id, what, value, kept) {
    const one = { value, why: "" };
    this.#given.set(id, { ...this.#given.get(id), [what]: one });
    const current = () => this.#given.get(id)?.[what] === one;
    kept.then(() => current() && this.drop(id, what), (error) => this.owner.guard(() => {
      if (current()) this.#lose(id, what, one, error.message);
    }));
  }

  #lose(id, what, one, why) {
    one.why = why;
    this.owner.draw();
    const row = this.owner.rows.get(id);
    if (row) this.owner.speak(`${nameOf(row)}: ${what} not saved. ${why}`);
  }

  /** Let go of an opinion; return whether it was one that could not be kept. */
  drop(id, what) {
    const { [what]: one, ...rest } = this.#given.get(id) ?? {};
    if (Object.keys(rest).length) this.#given.set(id, rest);
    else this.#given.delete(id);
    return Boolean(one?.why);
  }

  /** What is not kept of a trial; what is on its way counts once nobody answers. */
  #of(id) {
    const given = Object.entries(this.#given.get(id) ?? {});
    return given.filter(([, { why }]) => why || this.owner.silence);
  }

  /** A row as it would be if all were kept. */
  over(row) {
    if (!this.#given.has(row.id)) return row;
    return { ...row, ...Object.fromEntries(this.#of(row.id).map(([what, { value }]) => [what, value])) };
  }

  row({ id, element, parts }) {
    const lost = this.#of(id);
    element.toggleAttribute("data-unsaved", lost.length > 0);
    if (!lost.length && !parts.unsaved) return;
    parts.unsaved ??= parts.gain.parentNode.insertBefore(el("div", { class: "unsaved" }), parts.gain);
    parts.unsaved.hidden = !lost.length;
    const words = lost.map(([what]) => (what === "starred" ? "star" : what)).join(" and ");
    const certain = lost.some(([, { why }]) => why);
    setText(parts.unsaved, `${words} not saved${certain ? "" : " yet"}`);
    parts.unsaved.title = lost.map(([, { why }]) => why).find(Boolean) ?? this.owner.silence;
  }
}
