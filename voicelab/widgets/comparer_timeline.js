// --- time -------------------------------------------------------------------------------------

const DEEPEST = 0.05; // s; the least time that fills a picture
const STRETCH = 12; // how far a picture is zoomed that nobody can draw finer
const STEPS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60]; // s between ticks
const CLICK = 4; // px; a pointer that moves less has not dragged

/** The one map between seconds and places in the pictures, the same in all rows: zoom and scroll. */
class Timeline {
  help = [["+ −", "zoom"], ["shift z", "all of the time"]];
  from = 0;
  to = null; // all of the time
  width = 600;

  constructor(owner) {
    this.owner = owner;
  }

  get whole() {
    return this.owner.scale.duration_s;
  }

  get end() {
    return this.to ?? this.whole;
  }

  get span() {
    return this.end - this.from;
  }

  get zoomed() {
    return this.to !== null;
  }

  /** Find out how wide the pictures are; return whether that is new. */
  measure() {
    const { width } = this;
    this.width = this.ticks.clientWidth || width;
    return this.width !== width;
  }

  /** Where a time is, from 0 at the left edge of a picture to 1 at its right. */
  share(seconds) {
    return (seconds - this.from) / this.span;
  }

  /** Where a time is, in px from the left edge of a picture. */
  xOf(seconds) {
    return this.share(seconds) * this.width;
  }

  /** The time at px from the left edge of a picture. */
  timeAt(x) {
    return this.from + (x / this.width) * this.span;
  }

  /** The time under a pointer. */
  timeUnder({ clientX }) {
    return this.timeAt(clientX - this.ticks.getBoundingClientRect().left);
  }

  /** Put an element of a picture where a stretch of time is. */
  lay(node, from, to) {
    node.style.left = `${100 * this.share(from)}%`;
    node.style.width = `${(100 * (to - from)) / this.span}%`;
  }

  /** Fill the pictures with the time between two moments. */
  show(from, to) {
    const least = this.owner.pictures.sees.sharp ? DEEPEST : this.whole / STRETCH;
    const span = Math.min(this.whole, Math.max(least, to - from));
    const start = Math.min(Math.max(0, from + (to - from - span) / 2), this.whole - span);
    const all = span >= this.whole - 1e-6;
    Object.assign(this, { from: all ? 0 : start, to: all ? null : start + span });
    this.owner.draw();
  }

  /** Show `factor` as much time; what is at `around` stays where it is. */
  zoom(factor, around = this.#middle()) {
    const left = (around - this.from) * factor;
    this.show(around - left, around - left + this.span * factor);
  }

  scroll(seconds) {
    const start = Math.min(Math.max(0, this.from + seconds), this.whole - this.span);
    if (this.zoomed) this.show(start, start + this.span);
  }

  #middle() {
    const { position } = this.owner.player;
    return position >= this.from && position <= this.end ? position : this.from + this.span / 2;
  }

  keys() {
    const closer = () => this.#said(() => this.zoom(1 / 1.5));
    const all = () => this.#said(() => this.show(0, this.whole));
    return { "+": closer, "=": closer, "-": () => this.#said(() => this.zoom(1.5)), "shift z": all };
  }

  /** Zoom, and say what is shown then. */
  #said(zoom) {
    zoom();
    this.owner.speak(this.zoomed ? `${this.#inWords()} shown` : "all of the time shown");
  }

  #inWords() {
    return `${decimals(this.from, 2)} to ${decimals(this.end, 2)} seconds`;
  }

  // the ruler over the pictures

  ruler() {
    this.ticks = el("div", { class: "ticks", "aria-hidden": "true", title: "Drag to zoom in, click to seek" });
    this.sweep = el("div", { class: "sweep", hidden: "" });
    this.tag = el("div", { class: "tag", hidden: "" });
    this.thumb = el("div", { class: "thumb" });
    this.overview = el("div", {
      class: "overview", role: "slider", tabindex: "0", "aria-label": "Time shown", "aria-valuemin": "0",
      onkeydown: (event) => this.#overviewKey(event),
    }, this.thumb);
    this.#drag(this.ticks, (event) => this.#sweep(event), (event, from) => this.#swept(event, from));
    this.#drag(this.overview, (event) => this.#centre(event), () => {});
    return el("div", { class: "time" }, this.ticks, this.sweep, this.tag, this.overview);
  }

  listen() {
    const { list, rail } = this.owner;
    list.addEventListener("wheel", edged((event) => this.#wheel(event)), { passive: false });
    rail.addEventListener("pointermove", edged((event) => this.#hover(event)));
    rail.addEventListener("pointerleave", edged((event) => this.#hover(event)));
    this.size = new ResizeObserver(() => this.owner.guard(() => {
      if (this.measure()) this.owner.soon();
    }));
    this.size.observe(this.ticks);
  }

  close() {
    this.size.disconnect();
  }

  #drag(node, moved, done) {
    let from = null;
    const on = (name, listener) => node.addEventListener(name, edged(listener));
    on("pointerdown", (event) => {
      from = event.clientX;
      node.setPointerCapture(event.pointerId);
      moved(event, (this.began = event));
    });
    on("pointermove", (event) => from !== null && moved(event));
    on("pointerup", (event) => {
      if (from !== null) done(event, from);
      from = null;
    });
    on("pointercancel", () => {
      from = null;
      this.sweep.hidden = true;
    });
  }

  #sweep(event) {
    const [a, b] = [this.began, event].map((one) => this.timeUnder(one)).sort((x, y) => x - y);
    this.sweep.hidden = Math.abs(event.clientX - this.began.clientX) < CLICK;
    this.lay(this.sweep, Math.max(a, this.from), Math.min(b, this.end));
  }

  #swept(event, from) {
    this.sweep.hidden = true;
    const [a, b] = [this.began, event].map((one) => this.timeUnder(one)).sort((x, y) => x - y);
    if (Math.abs(event.clientX - from) < CLICK) this.owner.seekIn(this.owner.active, a);
    else this.show(Math.max(a, this.from), Math.min(b, this.end));
  }

  #centre({ clientX }) {
    const { left, width } = this.overview.getBoundingClientRect();
    const middle = ((clientX - left) / width) * this.whole;
    this.scroll(middle - this.span / 2 - this.from);
  }

  #overviewKey(event) {
    const step = { ArrowLeft: -0.1, ArrowRight: 0.1, PageUp: -0.9, PageDown: 0.9, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    this.scroll(Math.min(this.whole, Math.max(-this.whole, step * this.span)));
  }

  #wheel(event) {
    const { deltaX, deltaY } = event;
    const across = event.shiftKey && !deltaX ? deltaY : deltaX;
    if (event.ctrlKey) {
      const under = this.timeUnder(event);
      this.zoom(Math.exp(Math.min(1, Math.max(-1, deltaY * 0.01))), Math.min(this.end, Math.max(this.from, under)));
    } else if (this.zoomed && Math.abs(across) > Math.abs(event.shiftKey ? 0 : deltaY)) {
      this.scroll(this.timeAt(across) - this.from);
    } else return;
    event.preventDefault();
  }

  #hover(event) {
    const over = event.type === "pointermove" && event.target.closest(".picture");
    this.owner.rail.toggleAttribute("data-hover", Boolean(over));
    this.tag.hidden = !over;
    if (!over) return;
    const time = this.timeUnder(event);
    // not by a variable of the rail: every element in it would be styled anew
    const left = `${100 * this.share(time)}%`;
    for (const line of [this.tag, ...this.owner.rail.querySelectorAll(".hover")]) line.style.left = left;
    setText(this.tag, `${decimals(time, 2)} s`);
  }

  /** While it sounds, keep the cursor in view. */
  follow(position, sounding) {
    const away = position < this.from || position > this.end;
    if (sounding && this.zoomed && away) this.show(position - 0.05 * this.span, position + 0.95 * this.span);
  }

  before() {
    if (this.zoomed && this.end > this.whole) this.to = this.from = null; // the comparison became shorter
    this.from ??= 0;
    this.measure();
    this.#drawTicks();
    this.thumb.style.left = `${(100 * this.from) / this.whole}%`;
    this.thumb.style.width = `${(100 * this.span) / this.whole}%`;
    this.owner.root.classList.toggle("zoomed", this.zoomed);
    const state = {
      "aria-valuemax": this.whole.toFixed(3), "aria-valuenow": this.from.toFixed(3), "aria-valuetext": this.#inWords(),
    };
    for (const [key, value] of Object.entries(state)) this.overview.setAttribute(key, value);
  }

  #drawTicks() {
    const drawn = [this.from, this.end, this.width].join();
    if (this.ticked === drawn) return;
    this.ticked = drawn;
    const room = this.width / 48; // labels that fit side by side
    const step = STEPS.find((s) => this.span / s <= room) ?? 120;
    const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    const [first, last] = [Math.ceil(this.from / step - 1e-9), Math.floor(this.end / step + 1e-9)];
    this.ticks.replaceChildren(...Array.from({ length: last - first + 1 }, (_, i) => {
      const time = (first + i) * step;
      const tick = el("span", {}, `${decimals(time, digits)}${i ? "" : " s"}`);
      tick.style.left = `${100 * this.share(time)}%`;
      return tick;
    }));
  }
}
