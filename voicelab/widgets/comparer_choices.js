// --- what is chosen to be seen ----------------------------------------------------------------

const CHOICES = { spectrogram: "mel", palette: "magma", overlays: [], measures: [], tall: false };

/** What a person has chosen to see; Python sees it too, and may choose. */
class Choices {
  constructor(owner) {
    this.owner = owner;
    for (const name of Object.keys(CHOICES)) owner.watch(name, () => owner.refresh());
  }

  get(name) {
    return this.owner.model.get(name) ?? CHOICES[name];
  }

  set(name, value) {
    this.owner.kernel.set(name, value);
    this.owner.refresh();
  }
}

/** The drawer of what the pictures show. */
class View {
  help = [["shift l", "look of the pictures"]];

  constructor(owner) {
    this.owner = owner;
  }

  keys() {
    return { "shift l": () => this.#toggle() };
  }

  tools() {
    const { owner } = this;
    const pick = (name, words) => {
      this[name] = el("select", { class: "press", onchange: (event) => owner.choices.set(name, event.target.value) });
      return el("label", {}, `${words} `, this[name]);
    };
    const box = (words, changed) => {
      const input = el("input", { type: "checkbox", onchange: changed });
      return [input, el("label", {}, input, ` ${words}`)];
    };
    const press = (words, action, sign = words) =>
      el("button", { class: "press", type: "button", "aria-label": words, title: words, onclick: action }, sign);
    this.button = el("button", {
      class: "press", type: "button", "aria-expanded": "false", onclick: () => this.#toggle(),
    }, "View");
    this.boxes = Object.entries(OVERLAYS).map(([name, words]) => [name, ...box(words, () => owner.overlays.toggle(name))]);
    const [tall, tallLabel] = box("tall rows", () => owner.choices.set("tall", tall.checked));
    this.tall = tall;
    this.panel = el("div", { class: "drawer view", role: "group", "aria-label": "View", hidden: "", onkeydown: (event) => this.#leave(event) },
      pick("spectrogram", "frequency axis"), pick("palette", "colours"),
      ...this.boxes.map(([, , label]) => label), tallLabel,
      el("span", { class: "zooms" }, "time ",
        press("Zoom out", () => owner.timeline.zoom(1.5), "−"), press("Zoom in", () => owner.timeline.zoom(1 / 1.5), "+"),
        press("Show all of the time", () => owner.timeline.show(0, owner.timeline.whole), "all")));
    return [this.button, this.panel];
  }

  drawn() {
    const { pictures, palettes, overlays, choices } = this.owner;
    this.#fill(this.spectrogram, pictures.sees.kinds, pictures.kind);
    this.#fill(this.palette, palettes.names, palettes.name);
    this.spectrogram.parentNode.hidden = pictures.sees.kinds.length < 2;
    for (const [name, input, label] of this.boxes) {
      input.checked = overlays.shown.includes(name);
      label.hidden = !pictures.sees.overlays.includes(name);
    }
    this.tall.checked = choices.get("tall");
  }

  #fill(select, names, name) {
    if (select.children.length !== names.length) select.replaceChildren(...names.map((one) => el("option", { value: one }, one)));
    select.value = name;
  }

  #leave(event) {
    if (event.key !== "Escape") return;
    this.#toggle();
    this.button.focus();
  }

  #toggle() {
    this.panel.hidden = !this.panel.hidden;
    this.button.setAttribute("aria-expanded", !this.panel.hidden);
    if (!this.panel.hidden) this.panel.querySelector("label:not([hidden]) :is(select, input)").focus();
  }
}
