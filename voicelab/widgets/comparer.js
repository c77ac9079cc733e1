// --- all rows ---------------------------------------------------------------------------------

function haystack(row) {
  const variables = Object.entries(row.variables).map(([key, value]) => `${key}=${value}`);
  const words = [
    row.label, row.provider, `take ${row.take}`, row.state, row.prompt, row.preview_text, row.note,
    row.language, row.voice_id, row.error, row.experiment, row.emulated ? "emulated" : "", ...variables,
  ];
  return words.join("\n").normalize("NFKC").toLowerCase();
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** Compare two cells; what is missing comes last in either direction. */
function compare(a, b, direction) {
  const [noA, noB] = [a, b].map((v) => v === null || v === undefined || v === "");
  if (noA || noB) return noA - noB;
  return direction * (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b));
}

/** What a key is called in the tables of keys: "a", "shift a", "shift 3", "shift ArrowUp". */
function keyName({ key, code, shiftKey }) {
  const name = /^(Digit\d)$/.test(code) && shiftKey ? code.slice(-1) : key.length === 1 ? key.toLowerCase() : key;
  return shiftKey && /^([a-z0-9 ]|.{2,})$/.test(name) ? `shift ${name}` : name;
}

/** One comparison in one element.
 *
 * What can be done with it is in its parts, a file each. A part may have
 *   tools(), panels()  elements for the bar on top and for below the rows, made once
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
  constructor(model, host) {
    Object.assign(this, {
      model, rows: new Map(), columns: [], scale: { duration_s: 1, caption: "" },
      peaks: new Map(), broken: new Map(), shown: [], elements: new Map(),
      active: model.get("active") ?? "", loading: "", sort: "", direction: 1,
      frozen: Boolean(model.get("read_only")), known: false, silence: "", complaint: "",
    });
    this.level = new Level(this);
    this.details = new Details(this);
    this.choices = new Choices(model, () => this.draw());
    this.palettes = new Palettes(this);
    this.timeline = new Timeline(this);
    this.pictures = new Pictures(this);
    this.overlays = new Overlays(this);
    this.switching = new Switching(this);
    this.looping = new Looping(this);
    this.parts = [
      this.switching, this.looping, new Pace(this), this.level, this.timeline, this.palettes, this.pictures,
      this.overlays, new View(this), new Columns(this), this.details, this.choices, new Words(this), new Ahead(this),
    ];
    this.questions = new Questions(model, (words) => this.#waitWords(words));
    this.player = new Player({
      clips: new Clips({
        load: (id) => this.questions.get("audio", [id])[0],
        version: (id) => versionOf(this.rows.get(id)),
      }),
      gain: (id) => this.level.gain(id),
      land: (at, from, to) => this.switching.land(at, from, to),
      loop: (id) => this.looping.in(id),
      changed: () => this.#playerChanged(),
      held: (words) => this.#held(words),
    });
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.#build(host);
    this.#listen();
    this.draw();
    this.questions.tell("hello", { type: "hello" });
  }

  // what there is on screen

  #build(host) {
    const make = (name, tag, attributes = {}, ...children) =>
      (this[name] = el(tag, { class: name, ...attributes }, ...children));
    this.root = el("section", {
      class: "voicelab-comparer", tabindex: "0", "aria-label": "Voice comparer",
      "data-lm-suppress-shortcuts": "true", "data-ready": "0", "data-playing": "", "data-pos": "0",
    });
    this.root.classList.toggle("read-only", this.frozen);
    this.root.append(
      el("header", {},
        make("title", "strong", { dir: "auto" }),
        make("filter", "input", {
          type: "search", placeholder: "filter: label, prompt, provider, note…", "aria-label": "Filter trials",
          oninput: () => this.refresh(),
        }),
        el("label", { class: "sorting" }, "sort by ", make("sorts", "select", {
          onchange: () => this.#sortBy(this.sorts.value, this.direction),
        })),
        make("way", "button", { type: "button", onclick: () => this.#sortBy(this.sort, -this.direction) }),
        ...this.parts.flatMap((part) => part.tools?.() ?? []),
        make("count", "span", { role: "status" })),
      el("div", { class: "legend" }, make("caption", "p"), ...this.parts.flatMap((part) => part.legend?.() ?? []),
        make("status", "p", { role: "status", hidden: "" })), // beside the scale: the rows stay where they are
      make("list", "div", { onscroll: () => this.draw() },
        el("div", { class: "ruler" }, el("span"), el("span", {}, "voice"),
          el("div", { class: "seen" }, el("span", { class: "unit" }, "Hz"), this.timeline.ruler(), el("span", { class: "unit" }, "pitch")),
          el("span", {}, "measures"), el("span", {}, this.frozen ? "rating" : "your rating")),
        make("rail", "div", { role: "list", "aria-label": "Trials" })),
      make("empty", "p", { hidden: "" }),
      ...this.parts.flatMap((part) => part.panels?.() ?? []),
      el("footer", {}, this.#help()),
      make("live", "div", { "aria-live": "polite" }));
    host.append(this.root);
  }

  #listen() {
    const onMessage = (message, buffers) => this.#guard(() => this.#receive(message, buffers ?? []));
    const onActive = () => this.activate(this.model.get("active"), { quiet: true });
    const hush = () => this.player.playing && this.player.pause();
    const onOther = (event) => event.detail !== this && hush();
    const size = new ResizeObserver(() => this.draw());
    this.model.on("msg:custom", onMessage);
    this.model.on("change:active", onActive);
    document.addEventListener("voicelab:playing", onOther); // another comparer on the same page
    addEventListener("pagehide", hush);
    this.root.addEventListener("keydown", (event) => this.#key(event));
    size.observe(this.list);
    for (const part of this.parts) part.listen?.();
    this.close = () => {
      this.#guard(hush);
      this.closed = true;
      this.model.off("msg:custom", onMessage);
      this.model.off("change:active", onActive);
      document.removeEventListener("voicelab:playing", onOther);
      removeEventListener("pagehide", hush);
      size.disconnect();
      this.questions.stop();
      for (const part of this.parts) part.close?.();
      cancelAnimationFrame(this.frame);
      this.player.close();
    };
  }

  #guard(work) {
    try {
      work();
    } catch (error) {
      this.say(`The comparer stumbled: ${error.message}`);
      console.error(error);
    }
  }

  say(words) {
    this.complaint = words;
    this.draw();
  }

  #waitWords(words) {
    if (words === this.silence) return;
    this.silence = words;
    this.draw();
  }

  // what comes from the kernel

  #receive(message, buffers) {
    if (message.type === "state" || message.type === "upsert") this.#takeRows(message, buffers);
    else if (message.type === "audio") {
      const bytes = bytesOf(buffers[0]).slice().buffer; // decoding takes the bytes away
      this.questions.settle(`audio ${message.id}`, "resolve", bytes);
    } else if (message.type === "saved") this.#saved(message);
    else if (message.type === "failed") this.#failed(message);
    for (const part of this.parts) part.receive?.(message, buffers);
  }

  #takeRows({ type, title, rows, columns, scale, peaks }, buffers) {
    if (type === "state") {
      this.rows.clear();
      this.peaks.clear();
      this.known = true;
      this.columns = columns;
      this.title.textContent = title;
      this.questions.settle("hello", "resolve");
    }
    this.scale = { ...scale, duration_s: scale.duration_s || 1 };
    for (const row of rows) this.#takeRow(row);
    peaks.forEach((id, i) => this.peaks.set(id, new Int8Array(bytesOf(buffers[i]).slice().buffer)));
    this.#fillSorts();
    if (this.player.home && !this.rows.has(this.player.home)) this.player.drop(); // its trial is gone
    this.root.dataset.ready = "1";
  }

  #takeRow(row) {
    this.rows.set(row.id, row);
    this.broken.delete(row.id);
    row.haystack = haystack(row);
  }

  #saved(message) {
    const row = this.rows.get(message.id);
    for (const what of ["rating", "note"]) if (what in message) row[what] = message[what];
    this.#takeRow(row);
    this.questions.settle(`${"rating" in message ? "rate" : "note"} ${message.id}`, "resolve");
    this.complaint = "";
    this.refresh();
  }

  #failed(failure) {
    const { what, id, message } = failure;
    this.questions.settle(keyOf(failure), "reject", new Error(message));
    if (this.parts.some((part) => part.failed?.(failure))) return;
    if (what === "audio" || what === "pixels") this.broken.set(id, message);
    else if (what !== "anchors") this.say(message); // without them a switch says what it does instead
    this.draw();
  }

  rate(id, rating) {
    this.questions.tell(`rate ${id}`, { type: "rate", id, rating });
  }

  note(id, note) {
    this.questions.tell(`note ${id}`, { type: "note", id, note });
  }

  // which rows, in which order

  #sortKeys() {
    const rows = [...this.rows.values()];
    const names = [...new Set(rows.flatMap((row) => Object.keys(row.variables)))];
    return new Map([
      ["", ["batch order", () => null]],
      ...["label", "provider", "take", "rating", "state"].map((key) => [key, [key, (row) => row[key]]]),
      ...names.map((name) => [`variable:${name}`, [`{${name}}`, (row) => row.variables[name]]]),
      ...this.columns.map(({ name, title, unit }) => [
        `measure:${name}`, [unit ? `${title}, ${unit}` : title, (row) => row.measures[name]],
      ]),
    ]);
  }

  #fillSorts() {
    this.keys = this.#sortKeys();
    if (!this.keys.has(this.sort)) this.sort = "";
    this.sorts.replaceChildren(...[...this.keys].map(([value, [title]]) => el("option", { value }, title)));
    this.#sortBy(this.sort, this.direction);
  }

  #sortBy(key, direction) {
    Object.assign(this, { sort: key, direction });
    this.sorts.value = key;
    const words = direction > 0 ? "ascending" : "descending";
    this.way.textContent = direction > 0 ? "↑" : "↓";
    this.way.title = words;
    this.way.setAttribute("aria-label", `Sorted ${words}; press to reverse`);
    this.refresh();
  }

  /** Filter and sort anew, then draw. */
  refresh() {
    const terms = this.filter.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    const get = this.keys?.get(this.sort)?.[1] ?? (() => null);
    const rows = [...this.rows.values()].filter((row) => terms.every((term) => row.haystack.includes(term)));
    if (this.sort) rows.sort((a, b) => compare(get(a), get(b), this.direction));
    else if (this.direction < 0) rows.reverse();
    this.shown = rows.map((row) => row.id);
    if (!this.rows.has(this.active)) this.active = this.shown[0] ?? "";
    this.draw();
  }

  // drawing

  draw() {
    const { shown, rows, root } = this;
    for (const part of this.parts) part.before?.();
    this.rail.style.height = `${shown.length * this.rowHeight}px`;
    const [first, last] = this.#window();
    this.#drawRows(first, last);
    const words = this.silence || this.complaint;
    this.status.hidden = !words;
    setText(this.status, words);
    setText(this.count, this.known ? `${shown.length} of ${rows.size} trials` : "");
    this.#drawEmpty();
    setText(this.caption, this.rows.size ? this.pictures.caption : "");
    const state = { active: this.active, count: shown.length, playing: this.player.playing };
    for (const [key, value] of Object.entries(state)) if (root.dataset[key] !== String(value)) root.dataset[key] = value;
    this.#moveCursor();
    for (const part of this.parts) part.drawn?.();
  }

  /** All rows are as high, so that only those in view need to exist. */
  get rowHeight() {
    return this.pictures.size.row;
  }

  #window() {
    const { scrollTop, clientHeight } = this.list;
    const first = Math.floor(scrollTop / this.rowHeight) - SPARE;
    const last = Math.ceil((scrollTop + (clientHeight || 600)) / this.rowHeight) + SPARE;
    return [Math.max(0, Math.min(first, this.shown.length)), Math.min(this.shown.length, Math.max(0, last))];
  }

  #drawRows(first, last) {
    const wanted = new Set(this.shown.slice(first, last));
    const focus = this.root.getRootNode().activeElement;
    for (const [id, row] of this.elements) if (!wanted.has(id)) this.#leave(id, row, focus);
    for (let place = first; place < last; place++) this.#rowOf(this.shown[place]).update(place, this.shown.length);
    if (this.rail.contains(focus)) return; // moving the row somebody types in would end the typing
    const order = [...this.elements.values()].sort((a, b) => a.place - b.place);
    order.forEach(({ element }, i) => {
      if (this.rail.children[i] !== element) this.rail.insertBefore(element, this.rail.children[i] ?? null);
    });
  }

  #rowOf(id) {
    if (!this.elements.has(id)) {
      this.elements.set(id, new Row(id, this));
      this.rail.append(this.elements.get(id).element);
    }
    return this.elements.get(id);
  }

  /** Drop a row that went out of view, unless somebody types in it. */
  #leave(id, row, focus) {
    const place = this.shown.indexOf(id);
    const focused = row.element.contains(focus);
    if (focused && place >= 0) return row.update(place, this.shown.length);
    this.elements.delete(id);
    row.element.remove();
    if (focused) this.root.focus({ preventScroll: true });
  }

  #drawEmpty() {
    const empty = this.known && !this.shown.length;
    this.empty.hidden = !empty;
    this.list.hidden = !this.shown.length;
    if (!empty) return;
    const all = this.rows.size;
    setText(this.empty, all
      ? `Nothing matches “${this.filter.value.trim()}”. Clear the filter to see all ${all} trials.`
      : "No trials yet: they appear here as they arrive.");
  }

  // playing

  activate(id, { quiet = false } = {}) {
    if (!id || id === this.active || !this.rows.has(id)) return;
    this.active = id;
    this.#tell("active", id);
    if (!quiet) this.announce();
    this.draw();
  }

  async start(id, at = null) {
    if (trouble(this.rows.get(id))) {
      this.activate(id, { quiet: true });
      return this.announce();
    }
    Object.assign(this, { active: id, loading: id });
    this.broken.delete(id);
    const waiting = setTimeout(() => this.draw()); // what is here already sounds before it is drawn
    await this.#play(id, at);
    clearTimeout(waiting);
    if (this.closed) return;
    if (this.loading === id) this.loading = "";
    this.#tell("active", this.active);
    this.draw();
    this.announce();
    this.#fetchNeighbours(id);
  }

  async #play(id, at) {
    try {
      await this.player.play(id, at);
    } catch (error) {
      if (this.closed) return;
      this.broken.set(id, `This clip cannot be played: ${error.message}`);
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
    if (!id) return;
    if (this.player.playing) this.start(id);
    else this.activate(id);
    this.#show(this.shown.indexOf(id));
  }

  #show(place) {
    const top = place * this.rowHeight;
    const bottom = top + this.rowHeight + HEAD;
    const { scrollTop, clientHeight } = this.list;
    if (top < scrollTop) this.list.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.list.scrollTop = bottom - clientHeight;
  }

  #keys() {
    const place = this.shown.indexOf(this.active);
    const seek = (seconds) => this.seekIn(this.active, this.placeIn(this.active) + seconds);
    const keys = {
      " ": () => this.toggle(this.active), ArrowDown: () => this.go(place + 1), ArrowUp: () => this.go(place - 1),
      ArrowLeft: () => seek(-1), ArrowRight: () => seek(1), Home: () => this.seekIn(this.active, 0),
      End: () => this.seekIn(this.active, Infinity),
    };
    [...JUMPS].forEach((key, i) => this.shown[i] && (keys[key] = () => this.go(i)));
    if (!this.frozen) for (let n = 1; n <= 5; n++) keys[`shift ${n}`] = () => this.rate(this.active, n);
    return Object.assign(keys, ...this.parts.map((part) => part.keys?.() ?? {}));
  }

  #help() {
    const rating = this.frozen ? [] : [["shift 1–5", "rate"]];
    const words = [...HELP, ...rating, ...this.parts.flatMap((part) => part.help ?? [])];
    return words.map((pair) => pair.join(" ")).join(" · ");
  }

  #key(event) {
    const { target, key } = event;
    if (target.matches("input:not([type=checkbox]), select, textarea")) return this.#fieldKey(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.matches("button, input") && (key === " " || key === "Enter")) return;
    const action = this.#keys()[keyName(event)];
    if (!this.active || !action) return;
    event.preventDefault();
    this.#guard(action);
  }

  #fieldKey({ key, target }) {
    if (target.matches("select") || (key !== "Enter" && key !== "Escape")) return;
    this.root.focus({ preventScroll: true }); // leaving a changed note saves it
  }

  #playerChanged() {
    const { playing } = this.player;
    this.#tell("playing", playing);
    if (playing) document.dispatchEvent(new CustomEvent("voicelab:playing", { detail: this }));
    cancelAnimationFrame(this.frame);
    if (playing) this.frame = requestAnimationFrame((now) => this.#tick(now));
    this.draw();
  }

  #tick(now) {
    this.frame = requestAnimationFrame((next) => this.#tick(next));
    if (this.calm.matches && now - (this.ticked ?? 0) < 250) return;
    this.ticked = now;
    this.#moveCursor();
  }

  #moveCursor() {
    const { position, playing } = this.player;
    this.root.dataset.pos = position.toFixed(3);
    this.timeline.follow(position, playing);
    for (const part of this.parts) part.moved?.();
  }

  #tell(name, value) {
    if (this.model.get(name) === value) return;
    this.model.set(name, value);
    this.model.save_changes();
  }

  announce() {
    const row = this.rows.get(this.active);
    const place = `voice ${this.shown.indexOf(this.active) + 1} of ${this.shown.length}`;
    const state = this.broken.get(row.id) ?? trouble(row) ?? (this.player.playing === row.id ? "playing" : "paused");
    const aside = this.parts.map((part) => part.aside?.()).filter(Boolean);
    this.speak([place, row.label, row.provider, `take ${row.take}`, state, ...aside].join(", "));
  }

  speak(words) {
    setText(this.live, words);
  }
}

/** What anywidget calls for each view. */
function render({ model, el: host }) {
  try {
    const comparer = new Comparer(model, host);
    return () => comparer.close();
  } catch (error) {
    host.append(el("p", { role: "alert" }, `The comparer could not start: ${error.message}`));
    console.error(error);
    return () => {};
  }
}

export default { render };
