
// --- questions to the kernel ------------------------------------------------------------------

/** Keeps what was asked and not yet answered, and says so when it takes long. */
class Questions {
  #open = new Map();
  #timer = null;

  constructor(model, say) {
    Object.assign(this, { model, say });
  }

  /** Send `message`; it is answered when `settle` is called with `key`. */
  tell(key, message) {
    this.model.send(message);
    return this.#expect(key);
  }

  /** Ask for the audio or the pixels of some trials; what is on its way is not asked for again. */
  get(what, ids) {
    const lacking = ids.filter((id) => !this.#open.has(`${what} ${id}`));
    if (lacking.length) this.model.send({ type: "get", what, ids: lacking });
    return ids.map((id) => this.#open.get(`${what} ${id}`)?.promise ?? this.#expect(`${what} ${id}`));
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
    this.#look();
  }

  #look() {
    const oldest = Math.min(...[...this.#open.values()].map((question) => question.since));
    const silence = performance.now() - oldest;
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

