// --- all rows ---------------------------------------------------------------------------------

const OPINIONS = { rating: "rate", note: "note", starred: "star" };
const NOBODY = { provider: "", take: null, prompt: "" }; // what a blind page has in place of who it was
const TICK = 30; // ms between two places of the cursor: every second frame leaves the keys their time
const CALM = 250; // the same where motion is to be reduced
const PASSING = 6000; // ms a hint stays
const SETTLED = 120; // ms without scrolling until pictures are asked for

/** One comparison in one element.
 *
 * What can be done with it is in its parts, a file each. A part may have
 *   tools(), panels()  elements for the bar on top and for below the rows, made once
 *   drawer(), above()  elements between bar and rows, and on top of the rows, that stay there
 *   keys(), help       {key name: action} as `keyName` writes them, and [[key, words], …] for people
 *   legend()           elements beside the caption of the scale
 *   receive(message, buffers)  after the comparer has taken a message
 *   failed(message)    whether it is a failure to get what only this part asked for
 *   before(), row(row), drawn()  before all is drawn; after a `Row` in view was brought up to date; at the end
 *   moved()            when the place of the sound has moved
 *   aside()            words to say after the name of the active voice
 *   listen(), close()  once everything is built; when the view goes
 * Plain digits and letters jump to voices, so the keys of parts are shifted letters or signs.
 */
class Comparer {
  constructor(model, host, early) {
    Object.assign(this, {
      model, rows: new Map(), columns: [], scale: { duration_s: 1, caption: "" },
      peaks: new Map(), broken: new Map(), shown: [],
      matching: [], layout: new Layout(), order: new Map(), watched: [],
      active: model.get("active") ?? "", loading: "",
      frozen: Boolean(model.get("read_only")), blind: false, known: false,
      silence: "", complaint: "", hint: "",
    });
    this.kernel = new Kernel(model, () => this.questions.lose());
    this.keyboard = new Keyboard(this);
    this.inView = new InView(this);
    this.sorting = new Sorting(this);
    this.level = new Level(this);
    this.details = new Details(this);
    this.choices = new Choices(this);
    this.palettes = new Palettes(this);
    this.timeline = new Timeline(this);
    this.pictures = new Pictures(this);
    this.overlays = new Overlays(this);
    this.switching = new Switching(this);
    this.looping = new Looping(this);
    this.choice = new Choice(this);
    this.unsaved = new Unsaved(this);
    this.groups = new Groups(this);
    this.filters = new Filters(this);
    this.pin = new Pin(this);
    this.parts = [
      this.sorting, this.filters, this.groups, this.choice, this.pin, this.switching, this.looping, new Pace(this), this.level,
      this.timeline, this.palettes, this.pictures, this.overlays, new View(this), new Columns(this), this.details,
      this.unsaved, new Words(this), new Ahead(this), new Help(this),
    ];
    this.questions = new Questions(this.kernel, (words) => this.#waitWords(words));
    this.player = new Player({
      clips: new Clips({
        load: (id) => this.questions.get("audio", [id])[0],
        version: (id) => versionOf(this.rows.get(id)),
      }),
      gain: (id) => this.level.gain(id),
      land: (at, from, to) => this.switching.land(at, from, to),
      loop: (id) => this.looping.in(id),
      changed: () => this.guard(() => this.#playerChanged()),
      ended: (id) => this.guard(() => this.rows.has(id) && this.speak(`${nameOf(this.rows.get(id))}: ended`)),
      held: (words) => this.guard(() => this.#held(words)),
    });
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.#build(host);
    this.#listen();
    this.#greet(early);
  }

  /** Take all rows, which may have come or be coming; else ask for them. */
  #greet(early) {
    for (const [message, buffers] of early) this.guard(() => this.#receive(message, buffers ?? []));
    if (this.known) return;
    this.draw();
    if (!this.model.get("coming")) return this.#ask();
    this.questions.expect("hello");
    const came = () => this.known || this.#ask();
    this.watched.push(["change:coming", came]);
    this.model.on("change:coming", came);
  }

  #ask() {
    this.questions.tell("hello", { type: "hello" });
  }

  // what there is on screen

  #build(host) {
    const make = (name, tag, attributes = {}, ...children) =>
      (this[name] = el(tag, { class: name, ...attributes }, ...children));
    this.root = el("section", {
      class: "voicelab-comparer", tabindex: "-1", "aria-label": "Voice comparer",
      "data-lm-suppress-shortcuts": "true", "data-ready": "0", "data-playing": "", "data-pos": "0",
    });
    this.root.classList.toggle("read-only", this.frozen);
    EDGES.set(this.root, (work) => this.guard(work));
    this.root.append(
      el("header", {},
        make("title", "strong", { dir: "auto" }),
        make("filter", "input", {
          type: "search", placeholder: "filter: label, prompt, provider, note…", "aria-label": "Filter trials",
          oninput: () => this.filters.typed(),
        }),
        ...this.parts.flatMap((part) => part.tools?.() ?? []),
        make("count", "span", { role: "status" })),
      ...this.parts.flatMap((part) => part.drawer?.() ?? []),
      el("div", { class: "legend" }, make("caption", "p"), ...this.parts.flatMap((part) => part.legend?.() ?? []),
        make("status", "p", { role: "status", hidden: "" })), // beside the scale: the rows stay where they are
      make("list", "div", { onscroll: () => this.soon({ scrolling: true }) },
        el("div", { class: "ruler" }, el("span"), el("span", {}, "voice"),
          el("div", { class: "seen" }, el("span", { class: "unit" }, "Hz"), this.timeline.ruler(), el("span", { class: "unit" }, "pitch")),
          el("span", {}, "measures"), el("span", {}, this.frozen ? "rating" : "your rating")),
        ...this.parts.flatMap((part) => part.above?.() ?? []),
        make("rail", "div", {
          role: "treegrid", tabindex: "0", "aria-label": "Voices", "aria-multiselectable": "true", onfocus: () => this.#arrived(),
        })),
      make("empty", "p", { hidden: "" }),
      ...this.parts.flatMap((part) => part.panels?.() ?? []),
      el("footer", {}, HELP.map((pair) => pair.join(" ")).join(" · "), " · ? all keys"),
      make("live", "div", { "aria-live": "polite" }));
    host.append(this.root);
  }

  #listen() {
    const onMessage = (message, buffers) => this.guard(() => this.#receive(message, buffers ?? []));
    this.watch("active", () => this.activate(this.model.get("active"), { quiet: true }));
    const hush = () => this.guard(() => this.player.playing && this.player.pause());
    const onOther = (event) => event.detail !== this && hush();
    const size = new ResizeObserver(() => this.guard(() => this.inView.resized && this.soon()));
    this.model.on("msg:custom", onMessage);
    document.addEventListener("voicelab:playing", onOther); // another comparer on the same page
    addEventListener("pagehide", hush);
    this.root.addEventListener("keydown", edged((event) => this.keyboard.press(event)));
    size.observe(this.list);
    this.inView.listen();
    for (const part of this.parts) part.listen?.();
    this.close = () => {
      hush();
      this.closed = true;
      this.model.off("msg:custom", onMessage);
      for (const [name, listener] of this.watched) this.model.off(name, listener);
      document.removeEventListener("voicelab:playing", onOther);
      removeEventListener("pagehide", hush);
      size.disconnect();
      this.questions.stop();
      this.inView.close();
      for (const part of this.parts) part.close?.();
      cancelAnimationFrame(this.frame);
      cancelAnimationFrame(this.coming);
      clearTimeout(this.settling);
      clearTimeout(this.passing);
      this.player.close();
    };
  }

  /** Do something when Python sets a trait; ends with the view. */
  watch(name, work) {
    const listener = () => this.known && this.guard(work);
    this.watched.push([`change:${name}`, listener]);
    this.model.on(`change:${name}`, listener);
  }

  /** Do something, now or as it promises; what it throws is said here. */
  guard(work) {
    try {
      work()?.catch?.((error) => this.#stumbled(error));
    } catch (error) {
      this.#stumbled(error);
    }
  }

  #stumbled(error) {
    console.error(error);
    this.complaint = `The comparer stumbled: ${error.message}`;
    this.#drawStatus(); // no more: drawing may be what failed
  }

  /** Do something after so many ms; returns what ends the waiting. */
  later(work, ms) {
    return setTimeout(() => this.guard(work), ms);
  }

  say(words) {
    this.complaint = words;
    this.draw();
  }

  /** Say something that is no failure; it goes by itself. */
  tip(words) {
    clearTimeout(this.passing);
    this.#hint(words);
    this.passing = this.later(() => this.#hint(""), PASSING);
    this.speak(words);
  }

  #hint(words) {
    this.hint = words;
    this.#drawStatus();
  }

  #waitWords(words) {
    if (words === this.silence) return;
    this.silence = words;
    this.draw();
  }

  // what comes from the kernel

  #receive(message, buffers) {
    if (message.type === "state" || message.type === "upsert") return this.#takeAll(message, buffers);
    if (message.type === "audio") {
      const bytes = bytesOf(buffers[0]).slice().buffer; // decoding takes the bytes away
      this.questions.settle(`audio ${message.id}`, "resolve", bytes);
    } else if (message.type === "known" || (message.type === "peaks" && message.from_s === undefined)) {
      this.#takeKnown(message, buffers);
    } else if (message.type === "saved") this.#saved(message);
    else if (message.type === "failed") this.#failed(message);
    for (const part of this.parts) part.receive?.(message, buffers);
  }

  /** Take rows and what comes along with them, answers to what would be asked next; then draw, once. */
  #takeAll(message, buffers) {
    const { along = [] } = message;
    this.taking = true;
    try {
      this.#takeRows(message, buffers);
      for (const part of this.parts) part.receive?.(message, buffers);
      along.forEach((answer, i) => this.#receive(answer, [buffers[buffers.length - along.length + i]]));
    } finally {
      this.taking = false;
    }
    this.draw();
    this.root.dataset.ready = "1";
  }

  /** Take what a light row leaves out, which comes with its peaks or alone. */
  #takeKnown({ type, id, ...known }, buffers) {
    if (this.rows.has(id)) Object.assign(this.rows.get(id), known);
    if (type === "peaks") this.peaks.set(id, new Int8Array(bytesOf(buffers[0]).slice().buffer));
    this.questions.settle(`${type} ${id}`, "resolve");
    this.soon();
  }

  #takeRows({ type, title, rows, packed, columns, variables, scale, peaks, blind }, buffers) {
    if (type === "state") {
      this.rows.clear();
      this.peaks.clear();
      this.known = true;
      this.columns = columns;
      this.variables = variables ?? {};
      this.title.textContent = title;
      this.blind = Boolean(blind);
      this.root.classList.toggle("blind", this.blind);
      this.root.classList.toggle("unmeasured", !columns.length);
      this.questions.settle("hello", "resolve");
    }
    this.scale = { ...scale, duration_s: scale.duration_s || 1 };
    for (const row of packed ? unpacked(packed, buffers) : rows) this.#takeRow(row);
    peaks.forEach((id, i) => this.peaks.set(id, new Int8Array(bytesOf(buffers[i]).slice().buffer)));
    this.sorting.take();
    if (this.player.home && !this.rows.has(this.player.home)) this.player.drop(); // its trial is gone
  }

  #takeRow(row) {
    if (this.blind) Object.assign(row, NOBODY);
    const { start_s, pauses, evidence, description } = this.rows.get(row.id) ?? {};
    const sounds = row.clip && !row.clip.error; // what was known of the sound before still holds
    this.rows.set(row.id, sounds ? { start_s, pauses, evidence, description, ...row } : row);
    this.broken.delete(row.id);
  }

  #saved({ id, type: _, ...opinion }) {
    const row = this.rows.get(id);
    const [what] = Object.keys(opinion);
    this.questions.settle(`${OPINIONS[what]} ${id}`, "resolve");
    this.complaint = "";
    if (row) Object.assign(row, opinion, { haystack: undefined });
    this.refresh();
  }

  #failed(failure) {
    const { what, id, message } = failure;
    this.questions.settle(keyOf(failure), "reject", new Error(message));
    if (this.parts.some((part) => part.failed?.(failure))) return;
    if (["audio", "pixels", "peaks", "known"].includes(what)) this.broken.set(id, message);
    else if (what !== "anchors") this.say(message); // without them a switch says what it does instead
    this.draw();
  }

  rate(id, rating) {
    this.opine(id, "rating", rating);
  }

  note(id, note) {
    this.opine(id, "note", note);
  }

  star(id, starred) {
    this.opine(id, "starred", starred);
  }

  /** Have an opinion kept; what it was can be had back. */
  opine(id, what, value, { undoing = false } = {}) {
    if (undoing && this.unsaved.drop(id, what)) return this.draw();
    if (!undoing) this.choice.remember(id, what, this.rows.get(id)[what]);
    const type = OPINIONS[what];
    this.unsaved.hold(id, what, value, this.questions.tell(`${type} ${id}`, { type, id, [what]: value }));
  }

  // which rows, in which order

  /** Filter, sort and group anew, then draw. */
  refresh() {
    const rows = this.sorting.sorted([...this.rows.values()].filter(this.filters.test()));
    this.matching = rows.map((row) => row.id);
    this.layout = new Layout(this.groups.items(rows), this.pictures.size.row);
    this.shown = this.layout.items.filter((item) => item.id).map((item) => item.id);
    this.order = new Map(this.shown.map((id, place) => [id, place]));
    if (!this.rows.has(this.active)) this.active = this.shown[0] ?? "";
    this.choice.tell();
    this.draw();
  }

  // drawing

  /** Draw before the next picture, however often this is asked; what is news waits until scrolling rests. */
  soon({ scrolling = false } = {}) {
    if (!scrolling && this.settling) return;
    this.scrolling = scrolling && (this.coming ? this.scrolling : true);
    this.coming ??= requestAnimationFrame(() => this.guard(() => this.draw({ scrolling: this.scrolling })));
  }

  draw({ scrolling = false } = {}) {
    if (this.taking) return;
    cancelAnimationFrame(this.coming);
    Object.assign(this, { coming: null, scrolling });
    const { matching, rows, root } = this;
    if (!scrolling) this.#drawEmpty();
    for (const part of this.parts) part.before?.();
    this.inView.draw(scrolling);
    if (scrolling) return this.#settle();
    this.#drawStatus();
    setText(this.count, this.known ? `${matching.length} of ${rows.size} trials` : "");
    setText(this.caption, this.rows.size ? this.pictures.caption : "");
    const state = { active: this.active, count: matching.length, playing: this.player.playing };
    for (const [key, value] of Object.entries(state)) if (root.dataset[key] !== String(value)) root.dataset[key] = value;
    this.#moveCursor();
    for (const part of this.parts) part.drawn?.();
  }

  #drawStatus() {
    const words = this.silence || this.complaint || this.hint;
    this.status.hidden = !words;
    setText(this.status, words);
  }

  /** Draw all once scrolling has come to rest: only then pictures are asked for. */
  #settle() {
    clearTimeout(this.settling);
    const rest = () => {
      this.settling = null;
      if (this.inView.rests) this.draw(); // else it is drawn, and waited for, again
    };
    this.settling = this.later(rest, SETTLED);
  }

  /** Give the keys back to the rows. */
  focus() {
    (this.list.hidden ? this.root : this.rail).focus({ preventScroll: true });
  }

  #drawEmpty() {
    const empty = this.known && !this.matching.length;
    this.empty.hidden = !empty;
    if (empty && this.list.contains(this.root.getRootNode().activeElement)) this.root.focus({ preventScroll: true });
    this.list.hidden = !this.matching.length;
    if (!empty) return;
    const all = this.rows.size;
    if (!all) return this.empty.replaceChildren("No trials yet: they appear here as they arrive.");
    this.empty.replaceChildren(
      `Nothing matches ${this.filters.inWords()}. Clear the filter to see all ${all} trials.`,
      el("button", { type: "button", onclick: () => this.filters.clear() }, "Clear the filter"));
  }

  // playing

  activate(id, { quiet = false } = {}) {
    if (!id || id === this.active || !this.rows.has(id)) return;
    this.active = id;
    this.tell("active", id);
    if (!quiet) this.announce();
    this.draw();
  }

  start(id, at = null) {
    this.guard(() => this.#start(id, at));
  }

  async #start(id, at) {
    if (trouble(this.rows.get(id))) {
      this.activate(id, { quiet: true });
      return this.announce();
    }
    Object.assign(this, { active: id, loading: id });
    this.broken.delete(id);
    const waiting = this.later(() => this.draw(), 0); // what is here already sounds before it is drawn
    await this.#play(id, at);
    clearTimeout(waiting);
    if (this.closed) return;
    if (this.loading === id) this.loading = "";
    this.tell("active", this.active);
    this.draw();
    this.announce();
    await this.#fetchNeighbours(id);
  }

  async #play(id, at) {
    try {
      await this.player.play(id, at);
    } catch (error) {
      if (this.closed) return;
      this.broken.set(id, error instanceof NoKernel ? GONE : `This clip cannot be played: ${error.message}`);
      if (this.loading === id) this.player.pause(); // else another voice was chosen meanwhile
    }
  }

  async #fetchNeighbours(id) {
    const place = this.shown.indexOf(id);
    for (const near of [this.shown[place + 1], this.shown[place - 1]]) {
      if (!near || trouble(this.rows.get(near)) || this.broken.has(near)) continue;
      await this.prepare(near);
    }
  }

  #held(words) {
    this.broken.set(this.player.home, words); // until it is played again
    this.draw();
    this.announce();
  }

  /** Have a voice ready before it is asked for; playing it will say what is wrong. */
  async prepare(id) {
    if (!this.closed && !trouble(this.rows.get(id))) await this.player.prepare(id).catch(() => {});
  }

  // places in the clips and in their pictures

  /** The place in voice `id` that belongs to where the sound is. */
  placeIn(id) {
    const { position, home } = this.player;
    return this.switching.carried(position, home || id, id).at;
  }

  toggle(id) {
    const sounding = this.player.playing === id || this.loading === id;
    this.loading = "";
    if (sounding) this.player.pause();
    else this.start(id);
    if (sounding) this.announce();
  }

  seekIn(id, at) {
    const clip = this.rows.get(id)?.clip;
    if (!clip || trouble(this.rows.get(id))) return;
    const place = Math.min(Math.max(0, at), clip.duration_s - 2 * FADE);
    this.activate(id, { quiet: true });
    if (this.player.playing) this.start(id, place);
    else this.player.put(id, place);
  }

  go(place) {
    const id = this.shown[Math.min(Math.max(0, place), this.shown.length - 1)];
    if (id) this.to(id);
  }

  /** Make a voice the active one, sounding if one sounds, and bring it into view. */
  to(id) {
    if (this.player.playing) this.start(id);
    else this.activate(id);
    this.inView.showActive();
  }

  focusNote() {
    this.inView.showActive();
    this.draw();
    this.inView.elements.get(this.active)?.parts.note.focus({ preventScroll: true });
  }

  #playerChanged() {
    const { playing } = this.player;
    this.tell("playing", playing);
    if (playing) document.dispatchEvent(new CustomEvent("voicelab:playing", { detail: this }));
    cancelAnimationFrame(this.frame);
    if (playing) this.#nextTick();
    this.draw();
  }

  #tick(now) {
    if (now - (this.ticked ?? 0) >= (this.calm.matches ? CALM : TICK)) {
      this.ticked = now;
      this.#moveCursor();
    }
    this.#nextTick();
  }

  #nextTick() {
    this.frame = requestAnimationFrame((now) => this.guard(() => this.#tick(now)));
  }

  #moveCursor() {
    const { position, playing } = this.player;
    this.root.dataset.pos = position.toFixed(3);
    this.timeline.follow(position, playing);
    for (const part of this.parts) part.moved?.();
  }

  tell(name, value) {
    if (JSON.stringify(this.model.get(name)) === JSON.stringify(value)) return;
    this.kernel.set(name, value);
  }

  announce() {
    const row = this.rows.get(this.active);
    if (!row) return;
    const place = `voice ${this.order.get(this.active) + 1} of ${this.shown.length}`;
    const state = this.broken.get(row.id) ?? trouble(row) ?? (this.player.playing === row.id ? "playing" : "paused");
    const marks = [this.choice.chosen.has(row.id) ? "selected" : "", row.id === this.pin.pinned ? "reference" : ""];
    const aside = this.parts.map((part) => part.aside?.());
    this.speak([place, nameOf(row), state, ...marks, ...aside].filter(Boolean).join(", "));
  }

  /** Say where the keys work; the browser may have scrolled to the whole list. */
  #arrived() {
    if (!this.rail.matches(":focus-visible")) return;
    this.inView.showActive();
    this.announce();
  }

  speak(words) {
    setText(this.live, words);
  }
}

/** Make a view; `early` are the messages that came before there was one. */
function render({ model, el: host, early = [] }) {
  try {
    const comparer = new Comparer(model, host, early);
    return () => comparer.close();
  } catch (error) {
    host.append(el("p", { role: "alert" }, `The comparer could not start: ${error.message}`));
    console.error(error);
    return () => {};
  }
}

/** What anywidget calls for each model, which may be told everything before it has a view. */
function widget() {
  const early = [];
  let stop = () => {};
  return {
    initialize({ model }) {
      const keep = (...message) => (message[0].type === "state" || early.length) && early.push(message);
      model.on("msg:custom", keep);
      stop = () => model.off("msg:custom", keep);
    },
    render({ model, el }) {
      stop();
      return render({ model, el, early: early.splice(0) });
    },
  };
}

export default widget;
