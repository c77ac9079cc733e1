
// --- over and over ----------------------------------------------------------------------------

const SHORTEST = 0.05; // s; what is shorter is a slip of the hand

/** Plays a stretch over and over, in every voice where it says the same. */
class Looping {
  help = [["[ ]", "loop from or to here"], ["\\", "no loop"], ["shift drag", "loop a stretch"]];

  constructor(owner) {
    Object.assign(this, { owner, region: null });
  }

  tools() {
    this.button = el("button", {
      class: "loop-off", type: "button", hidden: "", title: "Play on without the loop. Key: \\", onclick: () => this.set(null),
    });
    return [this.button];
  }

  keys() {
    return { "[": () => this.#from(), "]": () => this.#to(), "\\": () => this.set(null) };
  }

  listen() {
    const { rail } = this.owner;
    rail.addEventListener("pointerdown", edged((event) => this.#drag(event)));
    rail.addEventListener("click", edged((event) => this.#keepClick(event)), { capture: true });
  }

  /** What is looped in a voice as [start, end]; nothing where there is no loop or it says nothing there. */
  in(id) {
    const { region, owner } = this;
    const length = owner.rows.get(id)?.clip?.duration_s;
    if (!region || !length) return null;
    const [start, end] = [region.start, region.end].map((time) =>
      Math.min(length, owner.switching.carried(time, region.id, id).at));
    return end - start >= SHORTEST ? [start, end] : null;
  }

  #from() {
    const id = this.owner.active;
    const [start, old] = [this.owner.placeIn(id), this.in(id)?.[1]];
    this.set({ id, start, end: old > start ? old : this.#length(id) });
  }

  #to() {
    const id = this.owner.active;
    const [end, old] = [this.owner.placeIn(id), this.in(id)?.[0]];
    this.set({ id, start: old < end ? old : 0, end });
  }

  #length(id) {
    return this.owner.rows.get(id).clip?.duration_s ?? 0;
  }

  /** Loop `start` to `end` of voice `id`, or nothing. */
  set(region, { final = true } = {}) {
    this.region = region && region.end - region.start >= SHORTEST ? region : null;
    if (final) this.owner.player.renew();
    if (final) this.owner.speak(this.region ? `loop ${this.#inWords()}` : "no loop");
    this.owner.draw();
  }

  #inWords() {
    const { start, end } = this.region;
    return `${decimals(start, 2)}–${decimals(end, 2)} s`;
  }

  drawn() {
    this.button.hidden = !this.region;
    setText(this.button, this.region ? `loop ${this.#inWords()} ✕` : "no loop");
    if (this.region && !this.owner.rows.has(this.region.id)) this.region = null; // its trial is gone
  }

  row({ id, element, parts }) {
    parts.loop ??= parts.picture.insertBefore(el("div", { class: "loop", "aria-hidden": "true" }), parts.cursor);
    const loop = this.in(id);
    parts.loop.hidden = !loop;
    element.dataset.loop = loop ? loop.map((time) => time.toFixed(3)).join(" ") : "";
    if (!loop) return;
    const [left, right] = loop.map((time) => 100 * this.owner.timeline.share(time));
    Object.assign(parts.loop.style, { left: `${left}%`, width: `${right - left}%` });
  }

  // with the pointer

  #drag(event) {
    const picture = event.target.closest(".picture");
    if (!picture || !event.shiftKey || event.button) return;
    event.preventDefault();
    const { trial } = picture.closest(".row").dataset;
    const length = this.#length(trial);
    const time = ({ clientX }) => Math.min(length, Math.max(0, this.owner.timeline.timeUnder({ clientX })));
    const first = time(event);
    const region = (moved) => {
      const [start, end] = [first, time(moved)].sort((a, b) => a - b);
      return { id: trial, start, end };
    };
    this.#follow(picture, event.pointerId, (moved) => this.set(region(moved), { final: moved.type === "pointerup" }));
  }

  #follow(picture, pointer, moved) {
    const done = new AbortController();
    picture.setPointerCapture(pointer);
    picture.addEventListener("pointermove", edged(moved), done);
    for (const event of ["pointerup", "pointercancel"]) {
      picture.addEventListener(event, edged((last) => {
        done.abort();
        if (last.type === "pointerup") moved(last);
      }), done);
    }
  }

  /** A click that ends a drag is not a click into the picture. */
  #keepClick(event) {
    if (event.shiftKey && event.target.closest(".picture")) event.stopPropagation();
  }
}
