// What a page is watched by while it is measured: runs before anything else in it.

window.watch = { bytes: 0, wire: {}, gestures: [], starts: [], heard: [], tapped: false };

// --- bytes from the server --------------------------------------------------------------------

/** Name a message of a kernel: its type, and for a widget what it carries. */
function named(data) {
  if (!(data instanceof ArrayBuffer)) return "text";
  const view = new DataView(data);
  const part = (i, most = 400) => {
    const [from, to] = [i, i + 1].map((n) => Number(view.getBigUint64(8 * (n + 1), true)));
    return new TextDecoder().decode(new Uint8Array(data, from, Math.min(to - from, most)));
  };
  const [, type] = /"msg_type": ?"(\w+)"/.exec(part(1)) ?? [];
  if (type !== "comm_msg") return type ?? "other";
  const [, inside] = /"content": ?\{"type": ?"(\w+)"/.exec(part(4)) ?? [];
  return `comm_msg ${inside ?? "update"}`;
}

window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const size = data.byteLength ?? data.size ?? data.length;
      watch.bytes += size;
      const name = named(data);
      watch.wire[name] = (watch.wire[name] ?? 0) + size;
    });
  }
};

// --- from the gesture to the sound ------------------------------------------------------------

for (const type of ["pointerdown", "keydown"]) {
  addEventListener(type, ({ timeStamp }) => watch.gestures.push(timeStamp), { capture: true });
}

const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when = 0, ...more) {
  const { currentTime } = this.context;
  const ahead = Math.max(0, when - currentTime);
  watch.starts.push({ at: performance.now() + 1000 * ahead, when: currentTime + ahead });
  return start.call(this, when, ...more);
};

// --- what leaves for the loudspeaker ----------------------------------------------------------

const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
  process([[left]]) {
    if (left) this.port.postMessage([currentTime + left.length / 2 / sampleRate,
      left.reduce((sum, y) => sum + y, 0) / left.length]);
    return true;
  }
})`;
const taps = new WeakMap();

/** Return a node that passes on the mean of each block of samples, with its time. */
function tapOf(context) {
  if (!taps.has(context)) {
    const entry = new GainNode(context);
    taps.set(context, entry);
    const source = URL.createObjectURL(new Blob([TAP], { type: "text/javascript" }));
    context.audioWorklet.addModule(source).then(() => {
      const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
      tap.port.onmessage = ({ data }) => watch.heard.push(data);
      connect.call(entry, tap);
    });
  }
  return taps.get(context);
}

const { connect } = AudioNode.prototype;
AudioNode.prototype.connect = function (target, ...more) {
  if (watch.tapped && target instanceof AudioDestinationNode) connect.call(this, tapOf(this.context));
  return connect.call(this, target, ...more);
};

/** Play from the start; after a second switch to and fro, all by keys; promise what was heard. */
watch.switched = async (comparer) => {
  const root = document.querySelector(comparer);
  const press = (key) => root.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  watch.starts.length = 0;
  press("Home");
  if (!root.dataset.playing) press(" "); // on a slow machine the clip has ended meanwhile
  while (!watch.starts.length) await wait(5);
  watch.heard.length = 0;
  const zero = performance.now();
  await wait(1100);
  for (let n = 0; performance.now() - zero < 5100; n++) {
    press(Math.floor(n / 3) % 2 ? "ArrowUp" : "ArrowDown");
    await wait(70);
  }
  press(" ");
  await wait(300);
  return [watch.starts.map(({ when }) => when), watch.heard];
};

// --- frames -----------------------------------------------------------------------------------

/** Scroll from top to bottom in steps of so many pixels a frame; return the frame intervals. */
watch.scroll = (list, pixels, frames) => new Promise((resolve) => {
  const intervals = [];
  let last = null;
  const step = (now) => {
    if (last !== null) intervals.push(now - last);
    last = now;
    if (intervals.length >= frames) return resolve(intervals);
    const end = list.scrollHeight - list.clientHeight;
    list.scrollTop = (list.scrollTop + pixels) % end;
    return requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
});

// --- a cell, from run to picture --------------------------------------------------------------

/** Run a cell; promise the milliseconds until `complete()` holds and was painted. */
watch.picture = (cell, complete, most) => new Promise((resolve, reject) => {
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.deselectAll();
  notebook.activeCellIndex = cell;
  const before = performance.now();
  jupyterapp.commands.execute("notebook:run-cell").catch(reject);
  const look = () => {
    const now = performance.now() - before;
    if (now > most) return resolve(Infinity);
    if (!complete(notebook.widgets[cell].node)) return requestAnimationFrame(look);
    // a task that is made as a frame is drawn comes after the drawing
    return requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - before)));
  };
  look();
});
