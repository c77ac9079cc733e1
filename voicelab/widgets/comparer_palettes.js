// --- colours of levels ------------------------------------------------------------------------

const LIGHT_GROUND = ["paper"]; // palettes that begin light: what is drawn over them is dark

/** The 256 colours, as canvas words, of a palette given as evenly spaced "rrggbb" from low to high. */
function colourTable(palette) {
  const points = palette.split(" ").map((text) => [0, 2, 4].map((at) => parseInt(text.slice(at, at + 2), 16)));
  return Uint32Array.from({ length: 256 }, (_, level) => {
    const place = (level / 255) * (points.length - 1);
    const low = Math.min(Math.floor(place), points.length - 2);
    const [r, g, b] = points[low].map((c, i) => Math.round(c + (points[low + 1][i] - c) * (place - low)));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

/** The colours of one palette at a time, and the legend that says which level each stands for. */
class Palettes {
  #tables = new Map();

  constructor(owner) {
    this.owner = owner;
  }

  get names() {
    return Object.keys(this.owner.scale.palettes ?? { grey: "" });
  }

  get name() {
    const chosen = this.owner.choices.get("palette");
    return this.names.includes(chosen) ? chosen : this.names[0];
  }

  get light() {
    return LIGHT_GROUND.includes(this.name);
  }

  get table() {
    const { palettes } = this.owner.scale;
    if (!this.#tables.has(this.name)) this.#tables.set(this.name, colourTable(palettes?.[this.name] ?? "000000 ffffff"));
    return this.#tables.get(this.name);
  }

  legend() {
    this.bar = el("canvas", { width: "256", height: "1", "aria-hidden": "true" });
    this.least = el("span");
    return [el("span", { class: "colours" }, this.least, this.bar, "0 dB")];
  }

  drawn() {
    this.bar.parentNode.hidden = !this.owner.rows.size;
    setText(this.least, `−${decimals(this.owner.scale.top_db ?? 80, 0)}`);
    if (this.shown === this.table) return;
    this.shown = this.table;
    const image = new ImageData(256, 1);
    new Uint32Array(image.data.buffer).set(this.table);
    this.bar.getContext("2d").putImageData(image, 0, 0);
  }
}
