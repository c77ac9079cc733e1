
// --- the exported page ------------------------------------------------------------------------

const page = JSON.parse(document.getElementById("data").textContent);

function fromBase64(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return new DataView(bytes.buffer);
}

/** The levels of a spectrogram, lowest frequency first, from its picture in the page. */
async function pixelsOf(clip) {
  const image = document.getElementById(`spectrogram-${clip}`);
  await image.decode();
  const [rows, columns] = page.shape;
  const canvas = el("canvas", { width: columns, height: rows });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0, columns, rows);
  const { data } = context.getImageData(0, 0, columns, rows);
  const pixels = new Uint8Array(rows * columns);
  for (let i = 0; i < pixels.length; i++) {
    const top = (rows - 1 - Math.floor(i / columns)) * columns;
    pixels[i] = data[4 * (top + (i % columns))];
  }
  return new DataView(pixels.buffer);
}

/** The pitch of a clip, from its places on the pitch axis, and its pauses: [shape, values]. */
function contourOf(id, clip) {
  const { f0 = "", ...shape } = page.pitch[clip] ?? {};
  const [low, high] = page.state.scale.f0_hz;
  const values = Float32Array.from(bytesOf(fromBase64(f0)), (place) =>
    place ? low * (high / low) ** ((place - 1) / 254) : NaN);
  const { pauses } = page.state.rows.find((row) => row.id === id);
  return [{ start_s: 0, hop_s: 0, ...shape, pauses }, new DataView(values.buffer)];
}

/** The sound of a clip: from the page, or from the file beside it. */
async function soundOf(clip) {
  if (!page.links[clip]) return fromBase64(document.getElementById(`audio-${clip}`).textContent);
  if (location.protocol === "file:") {
    throw new Error("a page opened from a file may not read the files beside it. Serve its folder " +
      "(python -m http.server), or open the sound itself: it lies beside this page.");
  }
  const answer = await fetch(page.links[clip]);
  if (!answer.ok) throw new Error(`${page.links[clip]} is missing (${answer.status}).`);
  return new DataView(await answer.arrayBuffer());
}

/** Answer a question of the comparer as the kernel would: [message, buffers]. */
async function answer(what, id) {
  const clip = page.clips[id];
  const [rows, columns] = page.shape;
  try {
    if (what === "audio") return [{ type: what, id, mime: page.mime }, [await soundOf(clip)]];
    if (what === "pixels") return [{ type: what, id, rows, columns }, [await pixelsOf(clip)]];
    if (what === "contour") {
      const [shape, values] = contourOf(id, clip);
      return [{ type: what, id, ...shape }, [values]];
    }
    if (what === "anchors") return [{ type: what, id, ...page.anchors[id] }, []];
    throw new Error("this page does not hold that.");
  } catch (error) {
    return [{ type: "failed", what, id, message: error.message }, []];
  }
}

/** Stands in for the notebook's model: same messages, answered from the page. */
class PageModel {
  listeners = [];

  /** `opinions` takes what a listener says, or is nothing where nobody is asked. */
  constructor(rows, opinions = null) {
    Object.assign(this, { rows, opinions, values: { read_only: !opinions } });
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    this.values[name] = value;
  }

  save_changes() {}

  on(event, listener) {
    if (event === "msg:custom") this.listeners.push(listener);
  }

  off(event, listener) {
    this.listeners = this.listeners.filter((other) => other !== listener);
  }

  async send({ type, what, ids, id, rating, note, starred }) {
    await null; // a kernel never answers within the call
    if (type === "hello") this.#tell(this.#state(), page.state.peaks.map((one) => fromBase64(page.peaks[page.clips[one]])));
    if (type === "get") for (const one of ids) answer(what, one).then((told) => this.#tell(...told));
    if (!this.opinions) return;
    if (type === "rate") this.#tell(this.opinions.take(id, { rating }), []);
    if (type === "star") this.#tell({ type: "saved", id, starred }, []); // for the eye: no answer holds it
    if (type === "note") this.#tell(this.opinions.take(id, { note: note.trim() }), []);
  }

  #state() {
    return { ...page.state, rows: this.rows.map((row) => ({ ...row })) };
  }

  #tell(message, buffers) {
    for (const listener of this.listeners) listener(message, buffers);
  }
}

/** Sort the table by the column of `button`; what is missing stays last. */
function sortTable(button) {
  const heading = button.closest("th");
  const [table, place] = [heading.closest("table"), heading.cellIndex];
  const direction = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  const cell = (row) => row.cells[place];
  const value = (row) => {
    const text = cell(row).dataset.value;
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  };
  const rows = [...table.tBodies[0].rows];
  table.tBodies[0].append(...rows.sort((a, b) => compare(value(a), value(b), direction)));
}
