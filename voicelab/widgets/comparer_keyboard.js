
// --- the keyboard -----------------------------------------------------------------------------

const JUMPS = "123456789abcdefghijklmnopqrstuvwxyz"; // keys of the first voices in view order
const WITHOUT_ROWS = ["?", "/", "F"]; // keys that work where no row is shown
const HELP = [
  ["space", "play or pause"], ["↑ ↓", "switch voice"], ["← →", "seek 1 s"], ["1–9 a–z", "jump to a voice"],
  ["home end", "start or end of the voice"], ["page ↑ ↓", "a page up or down"],
  ["shift home, end", "first or last voice"],
];

/** What a key is called in the tables of keys: "a", "shift a", "shift 3", "shift ArrowUp". */
function keyName({ key, code, shiftKey }) {
  const name = /^(Digit\d)$/.test(code) && shiftKey ? code.slice(-1) : key.length === 1 ? key.toLowerCase() : key;
  return shiftKey && /^([a-z0-9 ]|.{2,})$/.test(name) ? `shift ${name}` : name;
}

/** Hands each key to what it does: the comparer's own, and those of its parts. */
class Keyboard {
  constructor(owner) {
    this.owner = owner;
  }

  /** What each key does now, by its name. */
  #table() {
    const { owner } = this;
    const { shown, active } = owner;
    const page = Math.max(1, Math.floor(owner.list.clientHeight / owner.pictures.size.row) - 1);
    const place = owner.order.get(active) ?? 0;
    const seek = (seconds) => owner.seekIn(active, owner.placeIn(active) + seconds);
    const keys = {
      " ": () => owner.toggle(active), ArrowDown: () => owner.inView.move(1), ArrowUp: () => owner.inView.move(-1),
      PageDown: () => owner.go(place + page), PageUp: () => owner.go(place - page),
      "shift Home": () => owner.go(0), "shift End": () => owner.go(shown.length - 1),
      ArrowLeft: () => seek(-1), ArrowRight: () => seek(1), Home: () => owner.seekIn(active, 0),
      End: () => owner.seekIn(active, Infinity),
    };
    [...JUMPS].forEach((key, i) => shown[i] && (keys[key] = () => owner.go(i)));
    if (!owner.frozen) for (let n = 1; n <= 5; n++) keys[`shift ${n}`] = () => owner.rate(active, n);
    return Object.assign(keys, ...owner.parts.map((part) => part.keys?.() ?? {}));
  }

  /** All keys and what they do, as [keys, words] pairs. */
  get words() {
    const rating = this.owner.frozen ? [] : [["shift 1–5", "rate"]];
    return [...HELP, ...rating, ...this.owner.parts.flatMap((part) => part.help ?? [])];
  }

  press(event) {
    const { target, key } = event;
    if (target.closest("dialog")) return;
    if (target.matches("input:not([type=checkbox]), select, textarea")) return this.#inField(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.matches("button, input") && (key === " " || key === "Enter")) return;
    const action = this.#table()[keyName(event)];
    if (!action || (!this.owner.active && !WITHOUT_ROWS.includes(key))) return;
    event.preventDefault();
    this.owner.guard(action);
  }

  #inField({ key, target }) {
    if (target.matches("select") || (key !== "Enter" && key !== "Escape")) return;
    if (target.type === "number") return target.blur();
    if (key === "Escape" && target.matches(".note")) this.#leave(target);
    this.owner.focus(); // leaving a changed note saves it
  }

  /** Bring a note back to what is kept of it. */
  #leave(note) {
    const { trial } = note.closest(".row").dataset;
    this.owner.unsaved.drop(trial, "note");
    note.value = this.owner.rows.get(trial)?.note ?? "";
    this.owner.draw();
  }
}
