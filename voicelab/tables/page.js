
// --- the exported page ------------------------------------------------------------------------

const page = JSON.parse(document.getElementById("data").textContent);

function fromBase64(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return new DataView(bytes.buffer);
}

/** Answer a question of the comparer as the kernel would; yields [message, buffers]. */
function* answers({ type, what, ids }) {
  if (type === "hello") {
    const buffers = page.state.peaks.map((id) => fromBase64(page.pictures[page.clips[id]].peaks));
    yield [page.state, buffers];
  }
  if (type !== "get") return;
  for (const id of ids) {
    const clip = page.clips[id];
    if (what === "pixels") {
      const [rows, columns] = page.shape;
      yield [{ type: what, id, rows, columns }, [fromBase64(page.pictures[clip].pixels)]];
    } else if (what !== "audio") {
      yield [{ type: "failed", what, id, message: "this page does not hold that." }, []];
    } else {
      const text = document.getElementById(`audio-${clip}`).textContent;
      yield [{ type: what, id, mime: page.mime }, [fromBase64(text)]];
    }
  }
}

/** Stands in for the notebook's model: same messages, answered from the page, read-only. */
class PageModel {
  values = { read_only: true };
  listeners = [];

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

  async send(question) {
    await null; // a kernel never answers within the call
    for (const [message, buffers] of answers(question)) {
      for (const listener of this.listeners) listener(message, buffers);
    }
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

for (const button of document.querySelectorAll(".sortable button")) {
  button.addEventListener("click", () => sortTable(button));
}
const host = document.getElementById("comparer");
host.replaceChildren(); // what stands there for browsers without scripts
render({ model: new PageModel(), el: host });
