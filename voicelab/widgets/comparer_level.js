
// --- fair levels ------------------------------------------------------------------------------

function gainInWords(clip, matched) {
  if (!matched) return "level as it came";
  if (clip.gain_db === null) return `level not matched${clip.gain_note ? `: ${clip.gain_note}` : ""}`;
  const gain = `${clip.gain_db < 0 ? "" : "+"}${decimals(clip.gain_db, 1)} dB`;
  return clip.gain_note ? `${gain}: ${clip.gain_note}` : gain;
}

/** What the gain on a row means. */
function gainExplained(clip, matched) {
  if (!matched) return "played as loud as it came";
  if (clip.gain_db === null) return gainInWords(clip, matched);
  const far = `${decimals(Math.abs(clip.gain_db), 1)} dB ${clip.gain_db < 0 ? "quieter" : "louder"}`;
  const words = Math.abs(clip.gain_db) < 0.05 ? "played as it came: it is as loud as the others" :
    `played ${far}, so that all voices are equally loud`;
  return clip.gain_note ? `${words}; ${clip.gain_note}` : words;
}

/** Plays all voices equally loud, or each as it came; the gain stands on every row. */
class Level {
  get help() {
    return this.owner.blind ? [] : [["0", "match loudness or not"]]; // a blind page is equally loud as it is
  }

  constructor(owner) {
    Object.assign(this, { owner, matched: true });
  }

  tools() {
    this.box = el("input", {
      class: "match", type: "checkbox", checked: "", onchange: () => this.#match(this.box.checked),
    });
    const hint = "Play all voices equally loud. The gain is shown on each row. Key: 0";
    return [el("label", { class: "matching", title: hint }, this.box, " match loudness")];
  }

  keys() {
    return this.owner.blind ? {} : { 0: () => this.#match(!this.matched) };
  }

  /** The factor a voice is played at. */
  gain(id) {
    return 10 ** ((this.matched ? this.owner.rows.get(id)?.clip?.gain_db ?? 0 : 0) / 20);
  }

  receive({ type }) {
    if (type === "state" || type === "upsert") this.owner.player.regain(); // a new voice may lower all
  }

  row({ id, parts: { gain } }) {
    const { clip } = this.owner.rows.get(id);
    setText(gain, clip && !clip.error ? gainInWords(clip, this.matched) : "");
    gain.title = gain.textContent && gainExplained(clip, this.matched);
    setAttribute(gain, "aria-label", gain.title);
    gain.classList.toggle("loud", Boolean(this.matched && clip?.gain_db === null));
  }

  #match(on) {
    this.matched = this.box.checked = on;
    this.owner.player.regain();
    this.owner.draw();
    this.owner.speak(on ? "all voices equally loud" : "each voice as loud as it came");
  }
}
