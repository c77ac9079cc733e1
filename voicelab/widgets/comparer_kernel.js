
// --- the way to the kernel --------------------------------------------------------------------

const GONE = "No kernel answers: run the cell again.";

/** That a question could not even be asked. */
class NoKernel extends Error {
  constructor() {
    super(GONE);
  }
}

/** Speaks to the model, whose connection throws once its kernel was restarted or shut down. */
class Kernel {
  /** `gone` is called each time nothing could be sent. */
  constructor(model, gone) {
    Object.assign(this, { model, gone });
  }

  /** Send a message; return whether that could be done. */
  send(message) {
    return this.#attempt(() => this.model.send(message));
  }

  /** Set a trait here, and there if somebody is there. */
  set(name, value) {
    this.model.set(name, value);
    return this.#attempt(() => this.model.save_changes());
  }

  #attempt(speak) {
    try {
      speak();
      return true;
    } catch (error) {
      console.warn("voicelab: nothing reaches the kernel", error);
      this.gone();
      return false;
    }
  }
}
