
// --- sound ------------------------------------------------------------------------------------

/** One voice at a time on one AudioContext, made in the first gesture.
 *
 * It is given
 *   clips              where decoded clips are kept
 *   gain(id)           the factor a voice is played at
 *   land(t, from, to)  the place in voice `to` where the sound goes on that was at `t` in `from`
 *   loop(id)           [start, end] of what is played over and over, or nothing
 *   changed()          called when another voice sounds, or none
 *   ended(id)          called when a voice has come to its end
 *   held(words)        called when the browser has taken the sound away
 * Every time is one of the clip in seconds, whatever the pace it is played at.
 */
class Player {
  #context = null;
  #voice = null;
  #rest = { id: "", at: 0 };
  #turn = 0;
  #margin = LEAD;
  pace = 1;

  constructor(given) {
    Object.assign(this, given);
  }

  get playing() {
    return this.#voice?.id ?? "";
  }

  /** The voice that `position` is a place of. */
  get home() {
    return this.#voice?.id ?? this.#rest.id;
  }

  get position() {
    return this.#voice ? this.#voice.position(this.#context.currentTime) : this.#rest.at;
  }

  /** Start `id` where the sound is now, or at `at`; the voice before it plays until this is ready. */
  async play(id, at = null) {
    const turn = ++this.#turn;
    this.#open();
    const [clip] = await Promise.all([this.clips.buffer(id, this.#context), this.#awake()]);
    if (turn === this.#turn) this.#sound(id, clip, at);
  }

  #open() {
    if (this.#context && this.#context.state !== "closed") return;
    this.#context = new AudioContext();
    const look = () => this.#look();
    for (const event of ["statechange", "error"]) this.#context.addEventListener(event, look);
  }

  async #awake() {
    if (this.#context.state === "running") return;
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    await Promise.race([this.#context.resume(), patience]); // a browser that says no answers nothing
    if (this.#context.state !== "running") throw new Error("the browser gives this page no sound yet. Press play again.");
  }

  /** Let go of the voice when the browser or the device has stopped the sound. */
  #look() {
    if (!this.#voice || this.#context.state === "running") return;
    const { id } = this.#voice;
    const at = this.position;
    this.#turn++;
    this.#voice.cut();
    this.#settle(id, at);
    this.held("The browser has stopped the sound. Press play to go on from the same place.");
  }

  /** Fetch what it takes to play `id` at once. */
  prepare(id) {
    if (!this.#context) return this.clips.fetch(id);
    return this.clips.buffer(id, this.#context).then((clip) => this.clips.paced(clip, this.pace));
  }

  #sound(id, clip, at) {
    const buffer = this.clips.paced(clip, this.pace);
    const { loop } = this.#placeOf(id, clip, at, this.#soon());
    const voice = new Voice(this.#context, { id, clip, buffer, loop, pace: this.pace });
    voice.ended = () => this.#voice === voice && this.#end(id);
    const when = this.#soon(); // after all that takes time
    voice.start(this.#placeOf(id, clip, at, when).place, when, this.gain(id));
    this.#voice?.stop(when);
    this.#voice = voice;
    if (this.#missed(when)) this.#sound(id, clip, null);
    else this.changed();
  }

  /** A moment that is not yet rendered: a browser renders as much at once as its latency says. */
  #soon() {
    return this.#context.currentTime + (this.#context.baseLatency || LATENCY) + this.#margin;
  }

  /** Whether a moment has come too soon, on a busy machine; the next ones are further ahead. */
  #missed(when) {
    const late = this.#context.currentTime + QUANTUM > when && this.#margin < WIDEST;
    this.#margin = late ? 2 * this.#margin : Math.max(LEAD, 0.9 * this.#margin);
    return late;
  }

  /** Where to start, and what to play over and over from there. */
  #placeOf(id, { duration }, at, when) {
    const from = this.#voice?.position(when) ?? this.#rest.at;
    const loop = this.loop(id);
    let place = at ?? this.land(from, this.home, id);
    const before = !this.#voice && place < loop?.[0]; // what sounds already runs into the loop
    if (loop && at === null && (before || place >= loop[1])) [place] = loop;
    if (place > duration - FADE) place = 0; // shorter than the place: from its start
    return { place, loop: loop && place < loop[1] ? loop : null };
  }

  #end(id) {
    this.#settle(id, 0);
    this.ended(id);
  }

  #settle(id, at) {
    this.#voice = null;
    this.#rest = { id, at };
    this.changed();
  }

  pause() {
    this.#turn++; // whatever is still loading stays silent
    const { home, position } = this;
    this.#voice?.stop(this.#soon());
    this.#settle(home, position);
  }

  /** Move to a place of a voice that does not sound. */
  put(id, at) {
    this.#turn++;
    this.#settle(id, at);
  }

  /** Fall silent and forget where the sound was. */
  drop() {
    this.pause();
    this.put("", 0);
  }

  /** Bring the sounding voice to another pace or loop, without a gap. */
  renew() {
    if (this.#voice) this.#sound(this.#voice.id, this.#voice.clip, null);
  }

  regain() {
    this.#voice?.fader.fade(this.gain(this.#voice.id), this.#soon());
  }

  close() {
    this.#turn++;
    this.#voice?.cut();
    this.#voice = null;
    this.#context?.close().catch(() => {}); // closed already by the browser
  }
}
