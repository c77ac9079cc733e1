
// --- details ----------------------------------------------------------------------------------

function inWords(value) {
  if (Array.isArray(value)) return value.map(inWords).join(", ") || "–";
  if (value === null || typeof value !== "object") return value === null ? "–" : String(value);
  return Object.entries(value).map(([key, inner]) => `${key}: ${inWords(inner)}`).join("; ") || "–";
}

/** What is known of a row beyond what the row shows, as [name, words] pairs. */
function detailsOf(row, columns, reference) {
  const seconds = row.latency_s === null ? null : `${decimals(row.latency_s, 1)} s`;
  const price = row.cost === null ? null : `${row.cost} ${row.currency ?? ""}`;
  return [
    ["prompt", row.prompt],
    ["preview text", row.preview_text],
    ...Object.entries(row.variables),
    ["in words", row.description],
    ["beside others", rowInWords(row, reference)],
    ...columns.map((column) => [column.title, withUnit(row.measures[column.name], column)]),
    ...Object.entries(row.evidence ?? {}).map(([key, value]) => [key.replaceAll("_", " "), inWords(value)]),
    ["language", row.language], ["voice id", row.voice_id], ["expires", row.expires_at],
    ["answered in", seconds], ["price", price], ["error", row.error],
  ].filter(([, words]) => words !== null && words !== undefined && words !== "");
}

const SCROLLS = ["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "];

/** Everything that is known of the active voice, below the rows. */
class Details {
  help = [["shift d", "details"]];

  constructor(owner) {
    this.owner = owner;
  }

  tools() {
    this.button = el("button", {
      class: "more", type: "button", "aria-expanded": "false", onclick: () => this.#toggle(),
    }, "Details");
    return [this.button];
  }

  panels() {
    this.panel = el("div", {
      class: "details", role: "region", tabindex: "0", hidden: "", "aria-label": "Details of the active voice",
      onkeydown: (event) => this.#key(event),
    });
    return [this.panel];
  }

  keys() {
    return { "shift d": () => this.#toggle() };
  }

  drawn() {
    const row = this.owner.rows.get(this.owner.active);
    if (this.panel.hidden || !row) return this.panel.replaceChildren();
    if (!row.evidence && !this.owner.broken.has(row.id)) this.owner.questions.get("known", [row.id]);
    this.panel.replaceChildren(
      el("h4", { dir: "auto" }, nameOf(row).replaceAll(", ", " · ")),
      el("dl", {}, ...detailsOf(row, this.owner.columns, this.owner.pin.reference).map(([name, words]) =>
        el("div", { class: words.length > 90 ? "long" : null },
          el("dt", { dir: "auto" }, name), el("dd", { dir: "auto" }, words)))),
    );
    if (this.of !== row.id) this.panel.scrollTop = 0;
    this.of = row.id;
    if (row.evidence) this.#comeIntoView();
  }

  /** Show the panel once it has been opened, which may be below what is seen of the page. */
  #comeIntoView() {
    if (this.opened) this.panel.scrollIntoView({ block: "nearest" });
    this.opened = false;
  }

  /** Keys that scroll are the panel's while it has the focus. */
  #key(event) {
    if (event.key === "Escape") this.#toggle();
    if (event.key === "Escape" || SCROLLS.includes(keyName(event))) event.stopPropagation();
  }

  #toggle() {
    const within = this.panel.contains(this.panel.getRootNode().activeElement);
    this.panel.hidden = !this.panel.hidden;
    this.opened = !this.panel.hidden;
    this.button.setAttribute("aria-expanded", !this.panel.hidden);
    this.owner.draw();
    if (this.opened) this.panel.scrollIntoView({ block: "nearest" }); // what is still asked for makes it longer
    else if (within) this.owner.focus();
    this.owner.speak(this.panel.hidden ? "no details" : "details below the rows");
  }
}
