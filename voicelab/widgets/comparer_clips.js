
// --- decoded clips ----------------------------------------------------------------------------

/** The clips heard last, decoded, and those about to be heard.
 *
 * `load(id)` promises the bytes of a clip; `version(id)` changes when the row has another clip.
 */
class Clips {
  #decoded = new Map();
  #bytes = new Map();
  #paced = new WeakMap();

  constructor(given) {
    Object.assign(this, given);
  }

  /** Promise the decoded clip, kept or to come; two who ask at once wait for one decoding. */
  buffer(id, context) {
    return this.#keep(this.#decoded, id, DECODED, () => this.#decode(id, context));
  }

  /** Ask for the bytes: nothing can be decoded before the first gesture. */
  fetch(id) {
    return this.#keep(this.#bytes, id, FETCHED, () => this.load(id));
  }

  /** The newest is last in a map, the oldest goes first; what failed is not kept. */
  #keep(map, id, most, make) {
    const key = this.#key(id);
    const promise = map.get(key) ?? make();
    map.delete(key);
    map.set(key, promise);
    if (map.size > most) map.delete(map.keys().next().value);
    promise.catch(() => map.get(key) === promise && map.delete(key));
    return promise;
  }

  #key(id) {
    return `${id} ${this.version(id)}`;
  }

  async #decode(id, context) {
    const key = this.#key(id);
    const bytes = await (this.#bytes.get(key) ?? this.load(id));
    this.#bytes.delete(key); // decoding takes the bytes away
    try {
      return await context.decodeAudioData(bytes);
    } catch (error) {
      throw new Error(`this browser cannot decode the clip (${error.message}).`);
    }
  }

  /** The clip at another pace; the last pace of each is kept. */
  paced(buffer, pace) {
    if (pace === 1) return buffer;
    if (this.#paced.get(buffer)?.pace !== pace) this.#paced.set(buffer, { pace, buffer: stretched(buffer, pace) });
    return this.#paced.get(buffer).buffer;
  }
}
