
// --- one sounding voice -----------------------------------------------------------------------

/** A gain that goes from one value to another on a straight line, also when it is on its way. */
class Fader {
  #from = 0;
  #to = 0;
  #start = 0;

  constructor(context) {
    this.node = new GainNode(context, { gain: 0 });
  }

  #value(time) {
    const share = Math.min(1, Math.max(0, (time - this.#start) / FADE));
    return this.#from + (this.#to - this.#from) * share;
  }

  fade(to, when) {
    const from = this.#value(when);
    const { gain } = this.node;
    gain.cancelScheduledValues(when);
    gain.linearRampToValueAtTime(from, when); // the rest of a line that was cut off
    gain.setValueAtTime(from, when);
    gain.linearRampToValueAtTime(to, when + FADE);
    [this.#from, this.#to, this.#start] = [from, to, when];
  }
}

/** Return a copy of `buffer` whose loop has no seam: its end fades into what is before its start. */
function looped(buffer, start, end) {
  const copy = new AudioBuffer(buffer);
  const [first, last, fade] = [start, end, FADE].map((time) => Math.round(time * buffer.sampleRate));
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel).slice();
    for (let i = 1; i <= fade; i++) {
      const share = i / fade;
      const before = samples[first - fade + i - 1] ?? 0;
      samples[last - fade + i - 1] = samples[last - fade + i - 1] * (1 - share) + before * share;
    }
    copy.copyToChannel(samples, channel);
  }
  return copy;
}

/** One clip that sounds once; `buffer` is the clip at its pace. */
class Voice {
  constructor(context, { id, clip, buffer, loop, pace }) {
    Object.assign(this, { id, clip, loop, pace });
    const [loopStart, loopEnd] = loop?.map((time) => time / pace) ?? [0, 0];
    this.source = new AudioBufferSourceNode(context, {
      buffer: loop ? looped(buffer, loopStart, loopEnd) : buffer, loop: Boolean(loop), loopStart, loopEnd,
    });
    this.fader = new Fader(context);
    this.source.connect(this.fader.node).connect(context.destination);
    this.source.onended = () => this.ended?.();
  }

  /** Sound from a place of the clip on, from the moment `when`. */
  start(place, when, gain) {
    Object.assign(this, { place, when });
    this.fader.fade(gain, when);
    this.source.start(when, place / this.pace);
  }

  /** Where in the clip the sound is at a time of the context. */
  position(time) {
    const place = Math.max(0, this.place + (time - this.when) * this.pace);
    if (!this.loop || place < this.loop[1]) return place;
    const [start, end] = this.loop;
    return start + ((place - start) % (end - start));
  }

  stop(when) {
    this.ended = null;
    this.fader.fade(0, when);
    this.source.stop(when + 2 * FADE);
  }

  /** End at once, also where the clock stands still. */
  cut() {
    this.ended = null;
    this.fader.node.disconnect();
    this.source.stop();
  }
}
