
// --- where a switch goes on -------------------------------------------------------------------

const SWITCHES = { word: "at the same word", time: "at the same time", start: "from the start" };
const ROUGH = "at about the same word: only where the speech begins and ends is known";

/** Carry time `t` of one clip to another, both with their anchors: a straight line between each two. */
function carry(t, a, b) {
  const after = a.findIndex((time) => time > t);
  const i = after < 0 ? a.length - 1 : Math.max(1, after);
  const share = a[i] > a[i - 1] ? Math.min(1, Math.max(0, (t - a[i - 1]) / (a[i] - a[i - 1]))) : 1;
  return b[i - 1] + share * (b[i] - b[i - 1]);
}

/** Says at which place the sound goes on in another voice, and in words where it cannot be the best.
 *
 * Anchors are places of the text: entry k of one voice is where entry k of any other of its group
 * is. They are asked for when listening has begun, for the rows in view and the rows ahead.
 */
class Switching {
  help = [["shift s", "where a switch goes on"]];
  #anchors = new Map();
  #asked = new Set();

  constructor(owner) {
    Object.assign(this, { owner, mode: "word", shortfall: "" });
  }

  tools() {
    this.select = el("select", { class: "switching", onchange: () => this.#choose(this.select.value) },
      ...Object.entries(SWITCHES).map(([value, words]) => el("option", { value }, words)));
    const hint = "Where the sound goes on in the voice that is switched to. Key: shift s";
    return [el("label", { class: "choice", title: hint }, "switch ", this.select)];
  }

  panels() {
    this.words = el("p", { class: "carried", role: "status" }); // below the rows, so that none of them moves
    return [this.words];
  }

  keys() {
    return { "shift s": () => this.#cycle() };
  }

  #cycle() {
    const modes = Object.keys(SWITCHES);
    this.#choose(modes[(modes.indexOf(this.mode) + 1) % modes.length]);
    this.owner.speak(`switches go on ${SWITCHES[this.mode]}`);
  }

  #choose(mode) {
    this.mode = this.select.value = mode;
    this.#report(mode, "");
    this.owner.draw();
  }

  receive({ type, what, id, rows, ...rest }) {
    if (type === "state") this.#asked.clear();
    if (type === "upsert") for (const row of rows) this.#asked.delete(row.id);
    if (type === "anchors") this.#anchors.set(id, rest.times ? rest : null);
    if (type === "failed" && what === "anchors") this.#anchors.set(id, null);
    if (type === "anchors") this.owner.soon();
  }

  drawn() {
    clearTimeout(this.settling);
    if (this.owner.player.home) this.settling = this.owner.later(() => this.ask([...this.owner.inView.elements.keys()]), 40);
  }

  close() {
    clearTimeout(this.settling);
  }

  /** Ask for the anchors of some voices; a switch does not wait for them. */
  ask(ids) {
    const lacking = ids.filter((id) => !this.#asked.has(id) && !trouble(this.owner.rows.get(id)));
    for (const id of lacking) this.#asked.add(id);
    if (lacking.length) this.owner.kernel.send({ type: "get", what: "anchors", ids: lacking });
  }

  /** The anchors of a voice, when they have come and there are any. */
  of(id) {
    const anchors = this.#anchors.get(id);
    return anchors?.times.length > 1 ? anchors : null;
  }

  /** A voice of the same text whose words are known, when there is one. */
  reader(id) {
    const own = this.of(id);
    const others = [...this.#anchors.values()].filter((other) => other?.words.length && other.group === own?.group);
    return own?.words.length ? own : others[0] ?? null;
  }

  /** Where a place of one voice is in another, how that is known, and what is lacking. */
  carried(at, from, to) {
    if (from === to || this.mode === "time") return { at, how: "time", lack: "" };
    const [a, b] = [from, to].map((id) => this.of(id));
    const lack = this.#lack(a, b, from, to);
    if (lack) return { at, how: "time", lack: `at the same time: ${lack}` };
    const rough = [a, b].some(({ method }) => method === "stretched");
    return { at: carry(at, a.times, b.times), how: "word", lack: rough ? ROUGH : "" };
  }

  #lack(a, b, from, to) {
    const coming = [from, to].some((id) => this.owner.rows.has(id) && !this.#anchors.has(id));
    if (!a || !b) return coming ? "the places of the words are not here yet" : "the places of the words are not known";
    return a.group === b.group && a.times.length === b.times.length ? "" : "it speaks another text";
  }

  /** The place where the sound goes on after a switch. */
  land(at, from, to) {
    if (!from || from === to) return at;
    if (this.mode === "start") {
      this.#report("start", "");
      return this.owner.looping.in(to)?.[0] ?? 0;
    }
    const place = this.carried(at, from, to);
    this.#report(place.how, place.lack);
    return place.at;
  }

  #report(how, lack) {
    this.shortfall = lack;
    setText(this.words, this.shortfall);
    Object.assign(this.owner.root.dataset, { switching: this.mode, carried: how });
  }

  aside() {
    return this.owner.player.playing ? this.shortfall : "";
  }

  row({ id, element, parts: { play } }) {
    const { active } = this.owner;
    const { how, lack } = this.mode === "start" ? { how: "start", lack: "" } : this.carried(0, active, id);
    element.dataset.carried = id === active ? "" : how;
    if (id !== active && lack && this.owner.player.home) play.title += `, ${lack}`;
  }

  /** Set the cursor of each row where its voice says what the sounding one says. */
  moved() {
    const { inView: { elements }, pin, player, timeline } = this.owner;
    const { position, home } = player;
    // not by a variable of the rail: every element in it would be styled anew at each frame
    for (const { id, parts: { cursor } } of [...elements.values(), ...(pin.top ? [pin.top] : [])]) {
      const { at, how } = this.carried(position, home || id, id);
      cursor.style.left = `${100 * timeline.share(how === "word" ? at : position)}%`;
    }
  }
}
