
// --- slower and faster at the same pitch ------------------------------------------------------

const FRAME_S = 0.04; // longer than two periods of the lowest voice
const SEARCH_S = 0.008; // half a period of the lowest voice, either way
const COARSE = 4; // samples from one tried place to the next, before the best one is refined

/** How alike the samples at two places are, from −1 to 1; every `step`th sample is looked at. */
function likeness(samples, a, b, length, step) {
  let [product, power] = [0, 1e-9];
  for (let i = 0; i < length; i += step) {
    product += samples[a + i] * samples[b + i];
    power += samples[b + i] ** 2;
  }
  return product / Math.sqrt(power);
}

/** The place near `near` that goes on most like the samples at `wanted`. */
function bestPlace(samples, wanted, near, { frame, search }) {
  let [best, most] = [near, likeness(samples, wanted, near, frame, 2 * COARSE)]; // in silence: near
  const look = (from, to, step, every) => {
    for (let place = from; place <= to; place += step) {
      if (place < 0 || place + frame > samples.length) continue;
      const alike = likeness(samples, wanted, place, frame, every);
      if (alike > most) [best, most] = [place, alike];
    }
  };
  look(near - search, near + search, COARSE, 2 * COARSE);
  most = -Infinity;
  look(best - COARSE, best + COARSE, 1, 2);
  return best;
}

/** Where each frame of the stretched sound is taken from. */
function framePlaces(samples, pace, sizes) {
  const { frame, hop } = sizes;
  const last = samples.length - frame;
  const places = [0];
  for (let k = 1; k * hop * pace <= last; k++) {
    const wanted = Math.min(places[k - 1] + hop, last);
    places.push(bestPlace(samples, wanted, Math.round(k * hop * pace), sizes));
  }
  return places;
}

/** Return `buffer` at a pace, its pitch kept: frames are laid over one another where they are alike.
 *
 * W. Verhelst and M. Roelands (1993), "An overlap-add technique based on waveform similarity
 * (WSOLA) for high quality time-scale modification of speech", ICASSP.
 */
function stretched(buffer, pace) {
  const { sampleRate, numberOfChannels } = buffer;
  const hop = Math.round((FRAME_S / 2) * sampleRate);
  const sizes = { hop, frame: 2 * hop, search: Math.round(SEARCH_S * sampleRate) };
  if (buffer.length < 2 * sizes.frame) return buffer;
  const places = framePlaces(buffer.getChannelData(0), pace, sizes);
  const length = Math.round(buffer.length / pace);
  const result = new AudioBuffer({ length, numberOfChannels, sampleRate });
  for (let channel = 0; channel < numberOfChannels; channel++) {
    result.copyToChannel(overlapped(buffer.getChannelData(channel), places, sizes, length), channel);
  }
  return result;
}

function overlapped(samples, places, { hop, frame }, length) {
  const out = new Float32Array(length + 2 * frame);
  const window = Float32Array.from({ length: frame }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / hop));
  places.forEach((place, k) => {
    for (let i = 0; i < frame; i++) {
      const weight = k === 0 && i < hop ? 1 : window[i]; // nothing is before the first frame
      out[k * hop + i] += weight * samples[place + i];
    }
  });
  const end = places.length * hop; // behind the last frame the clip goes on as it is
  const after = places.at(-1) + hop;
  for (let i = 0; after + i < samples.length && end + i < out.length; i++) {
    const weight = i < hop ? 1 - window[hop + i] : 1;
    out[end + i] += weight * samples[after + i];
  }
  return out.subarray(0, length);
}
