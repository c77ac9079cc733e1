
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

  constructor(kernel, say) {
    Object.assign(this, { kernel, say });
  }

  /** Send `message`; it is answered when `settle` is called with `key`. */
  tell(key, message) {
    return this.kernel.send(message) ? this.expect(key) : this.#refused();
  }

  /** Ask for something of some trials; what is on its way is not asked for again. */
  get(what, ids, how = {}) {
    const keys = ids.map((id) => keyOf({ what, id, ...how }));
    const lacking = ids.filter((_, i) => !this.#open.has(keys[i]));
    const sent = !lacking.length || this.kernel.send({ type: "get", what, ids: lacking, ...how });
    return keys.map((key) => this.#open.get(key)?.promise ?? (sent ? this.expect(key) : this.#refused()));
  }

  #refused() {
    const promise = Promise.reject(new NoKernel());
    promise.catch(() => {}); // as for what is asked
    return promise;
  }

  /** Give up all that was asked: nobody is there to answer. */
  lose() {
    for (const question of this.#open.values()) question.reject(new NoKernel());
    this.#open.clear();
    this.stop();
    this.say(GONE);
  }

  /** Wait for an answer. */
  expect(key) {
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
