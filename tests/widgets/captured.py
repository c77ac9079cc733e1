"""What leaves a page's loudspeakers, sample by sample: a recorder beside every way out."""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Page

TAP = """
const RECORDER = `registerProcessor("recorder", class extends AudioWorkletProcessor {
  process([input]) {
    this.port.postMessage([currentFrame, input[0]?.slice() ?? new Float32Array(128)]);
    return true;
  }
})`;
const connect = AudioNode.prototype.connect;
const taps = new Map();
window.heard = [];
const tapOf = (context) => {
  if (taps.has(context)) return taps.get(context);
  const tap = new GainNode(context);
  taps.set(context, tap);
  const address = URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" }));
  context.audioWorklet.addModule(address).then(() => {
    const one = { channelCount: 1, channelCountMode: "explicit" };
    const recorder = new AudioWorkletNode(context, "recorder", one);
    recorder.port.onmessage = ({ data }) => window.heard.push(data);
    connect.call(tap, recorder);
    connect.call(recorder, context.destination);
    window.rate = context.sampleRate;
    window.context = context;
  });
  return tap;
};
AudioNode.prototype.connect = function (target, ...rest) {
  if (target instanceof AudioDestinationNode) connect.call(this, tapOf(this.context));
  return connect.call(this, target, ...rest);
};
window.recorded = () => {
  const frames = window.heard.map(([frame]) => frame);
  const samples = new Float32Array(128 * window.heard.length);
  window.heard.forEach(([, block], i) => samples.set(block, 128 * i));
  const bytes = new Uint8Array(samples.buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) {
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  window.heard = [];
  return [window.rate, frames, btoa(text)];
};
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """Samples in a row, as they went to the loudspeakers."""

    y: npt.NDArray[np.float32]
    sr: int
    first_s: float
    """Time of the first sample on the clock of the page's sound."""


class Recorder:
    """Records a page from before its sound is made."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.add_init_script(TAP)
        page.route("http://localhost/", lambda route: route.fulfill(body="<!doctype html>"))
        page.goto("http://localhost/")  # a secure page, as a recorder needs

    def wait(self) -> None:
        """Wait until the recorder runs, and drop what was heard so far."""
        self._page.wait_for_function("window.heard.length > 4")
        self._page.evaluate("window.heard = []")

    def take(self) -> Recording:
        """Return all that was heard since the last time, without a gap."""
        rate, frames, data = self._page.evaluate("window.recorded()")
        assert frames[-1] - frames[0] == 128 * (len(frames) - 1)
        y = np.frombuffer(base64.b64decode(data), np.float32)
        return Recording(y=y, sr=int(rate), first_s=frames[0] / rate)


def ramp(seconds: float, *, sr: int = 16000, top: float = 0.9) -> npt.NDArray[Any]:
    """Return a line from 0 to `top`: every sample says which place of the clip it is."""
    return np.linspace(0, top, round(seconds * sr))
