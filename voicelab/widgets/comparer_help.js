// --- help -------------------------------------------------------------------------------------

/** All keys in a dialog, from what the parts say of theirs. */
class Help {
  help = [["?", "all keys"]];

  constructor(owner) {
    this.owner = owner;
  }

  tools() {
    this.button = el("button", {
      class: "asking", type: "button", "aria-label": "All keys", title: "All keys (?)", onclick: () => this.#open(),
    }, "?");
    return [this.button];
  }

  panels() {
    this.dialog = el("dialog", { class: "keys", "aria-label": "Keys", onclose: () => this.#closed() });
    return [this.dialog];
  }

  keys() {
    return { "?": () => this.#open() };
  }

  #open() {
    this.cameFrom = this.owner.root.getRootNode().activeElement;
    this.dialog.replaceChildren(
      el("h4", {}, "Keys"),
      el("dl", {}, ...this.owner.keyboard.words.map(([key, words]) =>
        el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)))),
      el("button", { class: "shut", type: "button", onclick: () => this.dialog.close() }, "Close"));
    this.dialog.showModal();
  }

  #closed() {
    const { cameFrom, owner } = this;
    if (cameFrom?.isConnected && owner.root.contains(cameFrom)) cameFrom.focus({ preventScroll: true });
    else owner.focus();
  }

  close() {
    this.dialog.close();
  }
}
