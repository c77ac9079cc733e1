// --- over the pictures ------------------------------------------------------------------------

const OVERLAYS = { pitch: "pitch contour", pauses: "pauses", words: "words" };
const OVERLAY_KEYS = { "shift p": "pitch", "shift q": "pauses", "shift w": "words" };

/** Pitch, pauses and words, drawn over the pictures of the rows in view. */
class Overlays {
  /** The keys of what can be shown here. */
  get help() {
    const { overlays } = this.owner.pictures.sees;
    return Object.entries(OVERLAY_KEYS).filter(([, name]) => overlays.includes(name)).map(([key, name]) => [key, OVERLAYS[name]]);
  }

  constructor(owner) {
    this.owner = owner;
    this.#forget();
  }

  #forget() {
    Object.assign(this, { contours: new Map(), anchors: new Map(), lacking: new Set() });
  }

  /** The overlays that are shown: chosen, and to be had. */
  get shown() {
    const { sees } = this.owner.pictures;
    return this.owner.choices.get("overlays").filter((name) => sees.overlays.includes(name));
  }

  toggle(name) {
    if (!this.owner.pictures.sees.overlays.includes(name)) return this.owner.tip(`This page holds no ${OVERLAYS[name]}.`);
    const chosen = this.owner.choices.get("overlays");
    const rest = chosen.filter((other) => other !== name);
    const on = rest.length === chosen.length;
    this.owner.choices.set("overlays", on ? [...rest, name] : rest);
    this.owner.speak(`${on ? "" : "no "}${OVERLAYS[name]}${on ? " shown" : ""}`);
  }

  keys() {
    return Object.fromEntries(Object.entries(OVERLAY_KEYS).map(([key, name]) => [key, () => this.toggle(name)]));
  }

  receive(message, buffers) {
    if (message.type === "state") return this.#forget();
    if (message.type === "contour") {
      this.contours.set(message.id, { ...message, f0: new Float32Array(bytesOf(buffers[0]).slice().buffer) });
    } else if (message.type === "anchors") this.anchors.set(message.id, message);
    else return;
    this.owner.questions.settle(keyOf(message), "resolve");
    this.owner.soon();
  }

  failed({ what, id }) {
    if (what !== "contour" && what !== "anchors") return false;
    this.lacking.add(`${what} ${id}`); // not asked for again; the picture is there without it
    return true;
  }

  before() {
    this.owner.root.classList.toggle("with-pitch", this.shown.includes("pitch"));
  }

  drawn() {
    clearTimeout(this.settling);
    if (this.shown.length) this.settling = this.owner.later(() => this.#ask(), 60);
  }

  close() {
    clearTimeout(this.settling);
  }

  #ask() {
    const { inView: { elements }, peaks, questions } = this.owner;
    const ask = (what, known) => questions.get(what, [...elements.keys()].filter((id) =>
      peaks.has(id) && !known.has(id) && !this.lacking.has(`${what} ${id}`)));
    if (this.shown.includes("pitch") || this.shown.includes("pauses")) ask("contour", this.contours);
    if (this.shown.includes("words")) ask("anchors", this.anchors);
  }

  row({ id, parts: { over }, drawn }) {
    const { timeline, pictures, palettes } = this.owner;
    const { shown } = this;
    over.hidden = !shown.length || !this.owner.peaks.has(id);
    if (over.hidden) return;
    const found = { contour: this.contours.get(id), words: this.anchors.get(id)?.words };
    const { width, from, end } = timeline;
    const key = [width, from, end, pictures.size.row, palettes.light, shown, ...Object.values(found).map(Boolean)].join();
    if (drawn.over === key) return;
    drawn.over = key;
    this.#draw(over, shown, found);
  }

  #draw(canvas, shown, { contour, words }) {
    const { width } = this.owner.timeline;
    const { wave, spec } = this.owner.pictures.size;
    const fine = globalThis.devicePixelRatio || 1;
    canvas.width = Math.round(width * fine);
    canvas.height = Math.round((wave + 1 + spec) * fine);
    const context = canvas.getContext("2d");
    context.scale(fine, fine);
    if (shown.includes("pauses") && contour) this.#pauses(context, contour.pauses);
    if (shown.includes("words") && words) this.#words(context, words);
    if (shown.includes("pitch") && contour) this.#pitch(context, contour);
  }

  #inks() {
    const { color, backgroundColor } = getComputedStyle(this.owner.root);
    const over = this.owner.palettes.light ? ["#000", "#fff"] : ["#fff", "#000"];
    return { ink: color, ground: backgroundColor, line: over[0], halo: over[1] };
  }

  #pauses(context, pauses) {
    const { timeline, pictures } = this.owner;
    const { wave, spec } = pictures.size;
    const { ink, line } = this.#inks();
    for (const [start, end] of pauses) {
      const [left, right] = [timeline.xOf(start), timeline.xOf(end)];
      for (const [colour, top, height] of [[ink, 0, wave], [line, wave + 1, spec]]) {
        context.fillStyle = colour;
        context.globalAlpha = 0.14;
        context.fillRect(left, top, right - left, height);
        context.globalAlpha = 0.55;
        context.fillRect(left, top, 1, height);
        context.fillRect(right - 1, top, 1, height);
      }
      context.globalAlpha = 1;
      const label = `${decimals(end - start, 2)} s`;
      this.#text(context, label, (left + right) / 2, wave - 4, right - left, "center");
    }
  }

  #words(context, words) {
    const { timeline, pictures } = this.owner;
    const { wave, spec } = pictures.size;
    const { ink, line, halo } = this.#inks();
    for (const [word, start, end] of words) {
      for (const x of [timeline.xOf(start), timeline.xOf(end)].map((x) => Math.round(x))) {
        context.globalAlpha = 0.5;
        context.fillStyle = ink;
        context.fillRect(x, 0, 1, wave);
        context.fillStyle = halo;
        context.fillRect(x + 1, wave + 1, 1, spec);
        context.fillStyle = line;
        context.fillRect(x, wave + 1, 1, spec);
        context.globalAlpha = 1;
      }
      this.#text(context, word, timeline.xOf(start) + 4, 11, timeline.xOf(end) - timeline.xOf(start), "left");
    }
  }

  /** Write where there is room, with the ground around the letters. */
  #text(context, words, x, y, room, align) {
    const { ink, ground } = this.#inks();
    context.font = "11px system-ui, sans-serif";
    if (context.measureText(words).width + 8 > room) return;
    Object.assign(context, { textAlign: align, lineJoin: "round", lineWidth: 3, strokeStyle: ground, fillStyle: ink });
    context.strokeText(words, x, y);
    context.fillText(words, x, y);
  }

  #pitch(context, { f0, start_s: start, hop_s: hop }) {
    const { timeline, pictures, scale } = this.owner;
    const { wave, spec } = pictures.size;
    const { line, halo } = this.#inks();
    const path = new Path2D();
    let drawing = false;
    f0.forEach((hz, i) => {
      if (Number.isNaN(hz)) return (drawing = false);
      const x = timeline.xOf(start + i * hop);
      const y = wave + 1 + spec * (1 - heightOf(hz, Math.log, scale.f0_hz));
      if (drawing) path.lineTo(x, y);
      else path.moveTo(x - 0.5, y), path.lineTo(x, y); // a single value is a dot
      drawing = true;
    });
    for (const [colour, lineWidth] of [[halo, 4.5], [line, 2]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth, lineJoin: "round", lineCap: "round" });
      context.stroke(path);
    }
  }
}
