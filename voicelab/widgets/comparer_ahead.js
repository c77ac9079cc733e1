
// --- ahead of the listener --------------------------------------------------------------------

const HOVER = 40; // ms a pointer rests on a row until its clip is fetched

/** Fetches the clip of a row that a pointer or the focus is on, so that a click sounds at once. */
class Ahead {
  constructor(owner) {
    this.owner = owner;
  }

  listen() {
    const { rail } = this.owner;
    const prepare = ({ target }) => {
      const id = target.closest(".row")?.dataset.trial;
      if (!id) return;
      this.owner.prepare(id);
      this.owner.switching.ask([id]);
    };
    const rest = (event) => {
      this.close();
      this.resting = this.owner.later(() => prepare(event), HOVER);
    };
    rail.addEventListener("pointerover", edged(rest));
    rail.addEventListener("pointerleave", edged(() => this.close()));
    for (const event of ["pointerdown", "focusin"]) rail.addEventListener(event, edged(prepare));
  }

  close() {
    clearTimeout(this.resting);
  }
}
