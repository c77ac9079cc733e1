// --- what a listener says ---------------------------------------------------------------------

const part = (id) => document.getElementById(id);

/** Stars and notes of one listener; they leave the page as a file or as text, never by a network. */
class Opinions {
  given = new Map();
  unsaved = false;

  /** Keep a rating or a note; returns what the comparer is told. */
  take(id, opinion) {
    this.given.set(id, { rating: null, note: "", ...this.given.get(id), ...opinion });
    this.unsaved = true;
    this.show();
    return { type: "saved", id, ...opinion };
  }

  text() {
    const answers = [...this.given]
      .filter(([, { rating, note }]) => rating || note)
      .map(([row, opinion]) => ({ row, ...opinion }));
    return JSON.stringify({
      voicelab_answers: 1, page: page.page, title: page.state.title, rater: part("rater").value.trim(),
      answered_at: new Date().toISOString(), answers,
    }, null, 1);
  }

  show() {
    const rated = [...this.given.values()].filter(({ rating }) => rating).length;
    part("answered").textContent = `${rated} of ${Object.keys(page.clips).length} voices rated.`;
    part("answer-text").value = this.text();
    part("kept").textContent = "";
  }

  #ready() {
    this.show();
    if (part("rater").value.trim()) return true;
    part("kept").textContent = "Write your name first.";
    part("rater").focus();
    return false;
  }

  save() {
    if (!this.#ready()) return;
    const address = URL.createObjectURL(new Blob([this.text()], { type: "application/json" }));
    const name = `${page.state.title} - ${part("rater").value.trim()}`.replace(/[^\p{L}\p{N} .-]+/gu, "_");
    el("a", { href: address, download: `${name}.answers.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    this.#done("Saved among your downloads. Send the file to whoever asked you.");
  }

  async copy() {
    if (!this.#ready()) return;
    part("answer-text").select();
    try {
      await navigator.clipboard.writeText(part("answer-text").value);
      this.#done("Copied.");
    } catch {
      this.#done("Selected: copy it with Ctrl+C."); // a page from a file may not reach the clipboard
    }
  }

  #done(words) {
    this.unsaved = false;
    part("kept").textContent = words;
  }
}
