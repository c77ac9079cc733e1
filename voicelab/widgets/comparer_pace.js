
// --- pace -------------------------------------------------------------------------------------

const PACES = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2];

/** Plays slower or faster; the pitch of the voices stays. */
class Pace {
  help = [["< >", "slower or faster (the pitch stays)"]];

  constructor(owner) {
    this.owner = owner;
  }

  tools() {
    this.select = el("select", { class: "pace", onchange: () => this.#choose(Number(this.select.value)) },
      ...PACES.map((pace) => el("option", { value: pace }, `${pace}×`)));
    this.select.value = 1;
    const hint = "Play slower or faster; the pitch stays, the measures are of the clip as it came. Keys: < >";
    return [el("label", { class: "choice", title: hint }, "pace ", this.select)];
  }

  keys() {
    return { "<": () => this.#step(-1), ">": () => this.#step(1) };
  }

  #step(by) {
    const place = PACES.indexOf(this.owner.player.pace) + by;
    this.#choose(PACES[Math.min(PACES.length - 1, Math.max(0, place))]);
    this.owner.speak(`pace ${this.owner.player.pace}`);
  }

  #choose(pace) {
    this.owner.player.pace = this.select.value = pace;
    this.owner.root.dataset.pace = pace;
    this.owner.player.renew();
  }
}
