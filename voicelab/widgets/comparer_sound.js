// --- sound ------------------------------------------------------------------------------------

/** One voice at a time on one AudioContext, made in the first gesture. */
class Player {
  #context = null;
  #buffers = new Map();
  #voice = null;
  #at = 0;
  #turn = 0;

  constructor({ load, gain, changed }) {
    Object.assign(this, { load, gain, changed });
  }

  get playing() {
    return this.#voice?.id ?? "";
  }

  get position() {
    if (!this.#voice) return this.#at;
    return Math.max(0, this.#context.currentTime - this.#voice.zero);
  }

  /** Start `id` where the sound is now, or at `at`; the voice before it plays until this is ready. */
  async play(id, at = null) {
    const turn = ++this.#turn;
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") this.#context.resume();
    const buffer = await this.buffer(id);
    if (turn !== this.#turn) return;
    this.#sound(id, buffer, at);
    this.changed();
  }

  /** Promise the decoded clip, kept or to come; two who ask at once wait for one decoding. */
  buffer(id) {
    const buffer = this.#buffers.get(id) ?? this.#decode(id);
    this.#buffers.delete(id);
    this.#buffers.set(id, buffer); // the newest is last, the oldest goes first
    if (this.#buffers.size > DECODED) this.#buffers.delete(this.#buffers.keys().next().value);
    buffer.catch(() => this.#buffers.delete(id));
    return buffer;
  }

  async #decode(id) {
    const bytes = await this.load(id);
    try {
      return await this.#context.decodeAudioData(bytes);
    } catch (error) {
      throw new Error(`this browser cannot decode the clip (${error.message}).`);
    }
  }

  #sound(id, buffer, at) {
    const when = this.#context.currentTime + LEAD;
    let zero = this.#voice && at === null ? this.#voice.zero : when - (at ?? this.#at);
    if (when - zero > buffer.duration - FADE) zero = when; // shorter than the place: from its start
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    const level = new GainNode(this.#context, { gain: 0 });
    source.connect(level).connect(this.#context.destination);
    level.gain.setValueAtTime(0, when);
    level.gain.linearRampToValueAtTime(this.gain(id), when + FADE);
    source.start(when, when - zero);
    this.#fadeOut(when);
    const voice = { id, source, level, zero };
    source.onended = () => this.#voice === voice && this.#rest(0);
    this.#voice = voice;
  }

  #fadeOut(when) {
    if (!this.#voice) return;
    const { source, level } = this.#voice;
    level.gain.cancelScheduledValues(when);
    level.gain.setValueAtTime(level.gain.value, when);
    level.gain.linearRampToValueAtTime(0, when + FADE);
    source.stop(when + 2 * FADE);
  }

  #rest(at) {
    this.#voice = null;
    this.#at = at;
    this.changed();
  }

  pause() {
    this.#turn++; // whatever is still loading stays silent
    const at = this.position;
    if (this.#voice) this.#fadeOut(this.#context.currentTime);
    this.#rest(at);
  }

  seek(at) {
    if (this.#voice) this.play(this.#voice.id, at);
    else this.#rest(at);
  }

  regain() {
    if (!this.#voice) return;
    this.#voice.level.gain.setTargetAtTime(this.gain(this.#voice.id), this.#context.currentTime, FADE);
  }

  close() {
    this.#turn++;
    this.#voice?.source.stop();
    this.#voice = null;
    this.#context?.close();
  }
}

// --- questions to the kernel ------------------------------------------------------------------

/** What a question and its answer are known by: what, of which trial, and how it was asked for. */
function keyOf({ what, type, id, kind, from_s: from, to_s: to }) {
  return [what ?? type, id, kind, from, to].filter((part) => part !== undefined && part !== null).join(" ");
}

/** Keeps what was asked and not yet answered, and says so when it takes long. */
class Questions {
  #open = new Map();
  #timer = null;
  #heard = 0;

  constructor(model, say) {
    Object.assign(this, { model, say });
  }

  /** Send `message`; it is answered when `settle` is called with `key`. */
  tell(key, message) {
    this.model.send(message);
    return this.#expect(key);
  }

  /** Ask for something of some trials; what is on its way is not asked for again. */
  get(what, ids, how = {}) {
    const keys = ids.map((id) => keyOf({ what, id, ...how }));
    const lacking = ids.filter((_, i) => !this.#open.has(keys[i]));
    if (lacking.length) this.model.send({ type: "get", what, ids: lacking, ...how });
    return keys.map((key) => this.#open.get(key)?.promise ?? this.#expect(key));
  }

  #expect(key) {
    const question = { since: performance.now() };
    question.promise = new Promise((resolve, reject) => Object.assign(question, { resolve, reject }));
    question.promise.catch(() => {}); // who waits for it handles it; nobody need wait
    this.#open.set(key, question);
    this.#timer ??= setInterval(() => this.#look(), 250);
    return question.promise;
  }

  settle(key, method, value) {
    this.#open.get(key)?.[method](value);
    this.#open.delete(key);
    this.#heard = performance.now();
    this.#look();
  }

  #look() {
    const oldest = Math.min(...[...this.#open.values()].map((question) => question.since));
    const silence = performance.now() - Math.max(oldest, this.#heard); // who answers others is there
    if (silence > SILENT) {
      this.say("No kernel answers: run the cell again. (While another cell runs, answers can wait for it.)");
    } else this.say(silence > SLOW ? "waiting for the kernel…" : "");
    if (!this.#open.size) this.stop();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

