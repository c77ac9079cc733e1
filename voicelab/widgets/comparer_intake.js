// --- rows as they come ------------------------------------------------------------------------

const KEPT_PICTURES = 400; // rows whose pictures stay in memory: about 8 MB

/** Make the rows of `packing.py` again; equal words are one string for all rows. */
function unpacked({ count, measures, fields, table }, buffers) {
  const [whole, broken] = buffers.map((buffer) => bytesOf(buffer).slice().buffer);
  const [places, numbers] = [new Uint32Array(whole), new Float64Array(broken)];
  const values = JSON.parse(table);
  const names = [...measures, "latency_s", "cost", "duration_s", "gain_db"];
  const row = (place) => {
    const number = (name) => {
      const value = numbers[place * names.length + names.indexOf(name)];
      return Number.isNaN(value) ? null : value;
    };
    const made = { measures: {}, latency_s: number("latency_s"), cost: number("cost") };
    measures.forEach((name, i) => {
      const value = numbers[place * names.length + i];
      made.measures[name] = Number.isNaN(value) ? null : value;
    });
    fields.forEach((name, i) => (made[name] = values[places[i * count + place]]));
    if (made.clip) made.clip = { ...made.clip, duration_s: number("duration_s"), gain_db: number("gain_db") };
    return made;
  };
  return Array.from({ length: count }, (_, place) => row(place));
}

/** The words a filter looks through; made when a filter first asks. */
function haystack(row) {
  const variables = Object.entries(row.variables).map(([key, value]) => `${key}=${value}`);
  const words = [
    row.label, row.provider, `take ${row.take}`, row.state, row.prompt, row.preview_text, row.note,
    row.language, row.voice_id, row.error, row.experiment, row.emulated ? "emulated" : "",
    row.starred ? "starred" : "", ...variables,
  ];
  return words.join("\n").normalize("NFKC").toLowerCase();
}

/** Let go of the oldest pictures of rows that are not in view. */
function forgetOldest(kept, inView) {
  for (const id of kept.keys()) {
    if (kept.size <= KEPT_PICTURES) return;
    if (!inView.has(id)) kept.delete(id);
  }
}
