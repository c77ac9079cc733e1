
// --- word by word -----------------------------------------------------------------------------

const AGAIN = 0.2; // s behind the start of a word, while it sounds, a step back means the one before

/** Moves by words, where the places of the words are known for a voice of the same text. */
class Words {
  help = [["shift ← →", "word before or after"]];

  constructor(owner) {
    this.owner = owner;
  }

  keys() {
    return { "shift ArrowLeft": () => this.#step(-1), "shift ArrowRight": () => this.#step(1) };
  }

  /** The words of a voice as [word, start], in order. */
  of(id) {
    const { switching } = this.owner;
    const [own, reader] = [switching.of(id), switching.reader(id)];
    return (reader?.words ?? []).map(([word, start]) =>
      [word, own === reader ? start : carry(start, reader.times, own.times)]);
  }

  #step(by) {
    const { owner } = this;
    const words = this.of(owner.active);
    if (!words.length) return owner.speak("The places of the words are not known.");
    const place = owner.placeIn(owner.active);
    const slack = owner.player.playing ? AGAIN : 0.005;
    const next = by > 0
      ? words.find(([, start]) => start > place + 0.005)
      : words.findLast(([, start]) => start < place - slack) ?? words[0];
    if (!next) return;
    owner.seekIn(owner.active, next[1]);
    if (!owner.player.playing) owner.speak(next[0]);
  }
}
