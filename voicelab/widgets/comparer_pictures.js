// --- pictures ---------------------------------------------------------------------------------

const LOW = { row: 98, wave: 34, spec: 50 }; // px; every row is as high, so that only those in view need exist
const TALL = { row: 186, wave: 62, spec: 110 };
const AXES = {
  mel: { labels: [8000, 2000, 500], place: (hz) => (hz < 1000 ? hz / (200 / 3) : 15 + Math.log(hz / 1000) / (Math.log(6.4) / 27)) },
  linear: { labels: [8000, 4000, 0], place: (hz) => hz },
  log: { labels: [8000, 1000, 100], place: (hz) => Math.log(hz) },
};
const PITCHES = [400, 200, 100]; // Hz; labels of the pitch axis

/** Where a frequency is, from 0 at the bottom of a picture to 1 at its top. */
function heightOf(hz, place, [low, high]) {
  return (place(hz) - place(low)) / (place(high) - place(low));
}

function drawSpectrogram(canvas, { rows, columns, pixels }, colours) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const out = new Uint32Array(image.data.buffer);
  for (let band = 0; band < rows; band++) {
    const top = (rows - 1 - band) * columns; // band 0 is the lowest, the picture starts at the top
    for (let x = 0; x < columns; x++) out[top + x] = colours[pixels[band * columns + x]];
  }
  context.putImageData(image, 0, 0);
}

/** Draw pairs of minimum and maximum, 127 at the edge of the picture, as one shape. */
function drawWaveform(canvas, peaks) {
  const bins = peaks.length / 2;
  canvas.width = bins;
  canvas.height = 68;
  const context = canvas.getContext("2d");
  context.fillStyle = "#4c86d6"; // reads on a light and on a dark ground
  const height = (level) => 34 - (level / 127) * 33;
  context.beginPath();
  for (let bin = 0; bin < bins; bin++) context.lineTo(bin + 0.5, height(peaks[2 * bin + 1]) - 0.75);
  for (let bin = bins - 1; bin >= 0; bin--) context.lineTo(bin + 0.5, height(peaks[2 * bin]) + 0.75);
  context.fill();
}

/** What one row shows of its sound: the axis at its side, and the pictures. */
function picturesOf(part, seek) {
  const hidden = { "aria-hidden": "true" };
  return el("div", { class: "seen", role: "gridcell" },
    part("axis", "div", hidden),
    part("picture", "div", { onclick: seek },
      part("wave", "canvas", hidden), part("finewave", "canvas", hidden),
      part("spec", "canvas", hidden), part("finespec", "canvas", hidden),
      part("over", "canvas", { ...hidden, hidden: "" }),
      el("div", { class: "hover", ...hidden }),
      part("cursor", "div", hidden),
      part("words", "div", { dir: "auto" })),
    part("pitches", "div", hidden));
}

/** Waveforms and spectrograms of the rows in view, asked for when they are needed. */
class Pictures {
  constructor(owner) {
    Object.assign(this, { owner, sees: { kinds: ["mel"], sharp: false, overlays: [] } });
    this.#forget();
  }

  get help() {
    const axis = this.sees.kinds.length > 1 ? [["shift y", "frequency axis"]] : [];
    return [...axis, ["shift c", "colours"], ["shift h", "height of rows"]];
  }

  #forget() {
    Object.assign(this, { whole: new Map(), fine: new Map(), finepeaks: new Map() });
  }

  get kind() {
    const chosen = this.owner.choices.get("spectrogram");
    return this.sees.kinds.includes(chosen) ? chosen : "mel";
  }

  get size() {
    return this.owner.choices.get("tall") ? TALL : LOW;
  }

  keys() {
    const { choices, palettes } = this.owner;
    const next = (all, one) => all[(all.indexOf(one) + 1) % all.length];
    return {
      "shift y": () => this.#turnAxis(next(this.sees.kinds, this.kind)),
      "shift c": () => this.#choose("palette", next(palettes.names, palettes.name), () => `colours: ${palettes.name}`),
      "shift h": () => this.#choose("tall", !choices.get("tall"), () => (choices.get("tall") ? "tall rows" : "low rows")),
    };
  }

  #turnAxis(kind) {
    if (kind === this.kind) return this.owner.tip(`This page holds the ${kind} axis only.`);
    this.#choose("spectrogram", kind, () => `frequency axis: ${this.kind}`);
  }

  #choose(name, value, inWords) {
    this.owner.choices.set(name, value);
    this.owner.speak(inWords());
  }

  // what comes from the kernel

  receive(message, buffers) {
    const { id, type, from_s: from, to_s: to } = message;
    if (type === "state") {
      this.#forget(); // the scale they were drawn to may be another
      this.sees = message.sees ?? this.sees;
    } else if (type === "pixels") {
      const kind = message.kind ?? "mel";
      const taken = { ...message, kind, pixels: bytesOf(buffers[0]) };
      if (from === undefined) this.whole.set(id, taken);
      else this.fine.set(id, { ...taken, from, to: this.#until(id, to) });
    } else if (type === "peaks" && from !== undefined) {
      const peaks = new Int8Array(bytesOf(buffers[0]).slice().buffer);
      this.finepeaks.set(id, { peaks, from, to: this.#until(id, to) });
    } else return;
    if (type === "state") return;
    this.owner.questions.settle(keyOf(message), "resolve");
    this.owner.soon();
  }

  failed({ what, from_s: from }) {
    return from !== undefined && (what === "pixels" || what === "peaks"); // the coarse picture stays
  }

  #until(id, to) {
    return Math.min(to, this.owner.rows.get(id)?.clip?.duration_s ?? to);
  }

  // asking

  drawn() {
    clearTimeout(this.settling);
    this.settling = this.owner.later(() => this.#ask(), this.owner.timeline.zoomed ? 120 : 40);
  }

  close() {
    clearTimeout(this.settling);
  }

  /** Ask for the pictures of the rows in view, once scrolling has come to rest. */
  #ask() {
    const { inView: { elements }, peaks, broken, questions, pin, rows } = this.owner;
    const how = this.kind === "mel" ? {} : { kind: this.kind };
    const near = [...elements.keys(), ...(pin.reference && !elements.has(pin.pinned) ? [pin.pinned] : [])];
    const seen = near.filter((id) => rows.get(id)?.clip && !rows.get(id).clip.error && !broken.has(id));
    questions.get("peaks", seen.filter((id) => !peaks.has(id)));
    questions.get("pixels", seen.filter((id) => !this.#coarse(id)), how);
    for (const kept of [peaks, this.whole, this.fine, this.finepeaks]) forgetOldest(kept, elements);
    if (!this.owner.timeline.zoomed || !this.sees.sharp) return;
    const part = this.#part();
    const within = seen.filter((id) => this.owner.rows.get(id).clip.duration_s > part.from_s);
    questions.get("pixels", within.filter((id) => !this.#fits(id, this.fine.get(id), this.kind)), { ...how, ...part });
    questions.get("peaks", within.filter((id) => !this.#fits(id, this.finepeaks.get(id))), part);
  }

  /** The spectrogram of all of a clip, on the axis that is looked at. */
  #coarse(id) {
    const whole = this.whole.get(id);
    return whole?.kind === this.kind ? whole : undefined;
  }

  /** What is drawn finely: the time in view, and half as much before and after it. */
  #part() {
    const { from, end, span, whole } = this.owner.timeline;
    const round = (seconds) => Math.round(1000 * seconds) / 1000;
    return { from_s: round(Math.max(0, from - span / 2)), to_s: round(Math.min(whole, end + span / 2)) };
  }

  /** Whether a fine picture holds the time in view of its clip, and is fine enough for it. */
  #fits(id, fine, kind) {
    return this.#covers(id, fine, kind) && fine.to - fine.from <= 4 * this.owner.timeline.span;
  }

  #covers(id, fine, kind) {
    if (!fine || fine.kind !== kind) return false;
    const { from, end } = this.owner.timeline;
    return fine.from <= from + 0.001 && fine.to >= this.#until(id, end) - 0.001;
  }

  // drawing

  before() {
    const { size, owner } = this;
    for (const [name, px] of Object.entries(size)) owner.root.style.setProperty(`--${name}`, `${px}px`);
  }

  get caption() {
    const { scale, timeline } = this.owner;
    const { from, end, zoomed } = timeline;
    const words = scale.captions?.[this.kind] ?? scale.caption;
    if (!zoomed) return words;
    const how = this.sees.sharp ? "" : ", enlarged: this page holds no finer pictures";
    return `${words} · shown: ${decimals(from, 2)}–${decimals(end, 2)} s${how}`;
  }

  row({ id, parts, drawn, element }) {
    const { owner, kind } = this;
    const length = owner.rows.get(id).clip?.duration_s ?? 0;
    const { timeline, palettes } = owner;
    const coarse = { wave: owner.peaks.get(id), spec: this.#coarse(id) };
    const fine = { wave: this.finepeaks.get(id), spec: this.fine.get(id) };
    for (const name of ["wave", "spec"]) {
      const sharp = timeline.zoomed && this.#covers(id, fine[name], name === "spec" ? kind : undefined);
      const [near, far] = [parts[`fine${name}`], parts[name]];
      [near.hidden, far.hidden] = [!sharp, sharp];
      if (sharp) timeline.lay(near, fine[name].from, fine[name].to);
      timeline.lay(far, 0, length);
      const [shown, canvas, place] = sharp ? [fine[name], near, `fine${name}`] : [coarse[name], far, name];
      const key = [shown, name === "spec" && palettes.table];
      canvas.style.visibility = shown ? "" : "hidden"; // rather none than that of another axis
      if (!shown || drawn[place]?.every((one, i) => one === key[i])) continue;
      drawn[place] = key;
      if (name === "spec") drawSpectrogram(canvas, shown, palettes.table);
      else drawWaveform(canvas, shown.peaks ?? shown);
    }
    element.setAttribute("data-drawn", Boolean(coarse.wave && coarse.spec));
    element.setAttribute("data-sharp", !parts.finewave.hidden && !parts.finespec.hidden);
    if (drawn.axis !== kind) this.#axis(parts.axis, AXES[(drawn.axis = kind)]);
    if (!drawn.pitches && owner.scale.f0_hz) {
      drawn.pitches = true;
      this.#axis(parts.pitches, { labels: PITCHES, place: Math.log }, owner.scale.f0_hz);
    }
  }

  #axis(node, { labels, place }, ends = this.owner.scale.axes_hz?.[this.kind] ?? [0, 8000]) {
    node.replaceChildren(...labels.map((hz) => {
      const label = el("span", {}, hz < 1000 ? `${hz}` : `${hz / 1000}k`);
      label.style.setProperty("--up", heightOf(hz, place, ends).toFixed(4));
      return label;
    }));
  }
}
