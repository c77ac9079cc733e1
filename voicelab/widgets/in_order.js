// What ipywidgets leave out for those who type fast, or while the kernel is busy.
//
// A field sends what is typed and keeps what follows until the kernel has said that it took that;
// and a kernel takes the messages of two widgets in any order. So a press would overtake the words
// typed before it.

const LOOKS_MS = 20, WAITS_MS = 5_000;
const STUCK_MS = 1_000, ASKS_MS = 15_000;
const IN_ORDER = ".widget-button:not(.voicelab-at-once)";

function render({ model, el }) {
  let box = null;
  model.widget_manager?.get_model(model.get("box")).then((found) => { box = found; });
  const onTheWay = () => (box ? [...within(box)].filter(isOnItsWay) : []);
  const isHere = (event) => !!el.closest(".voicelab-studio")?.contains(event.target);
  const ends = [keepOrder(model, isHere, onTheWay), keepFlowing(isHere, onTheWay)];
  return () => ends.forEach((end) => end());
}

function* within(model) {
  yield model;
  for (const child of model.get("children") ?? []) yield* within(child);
}

// ipywidgets count what the kernel has not said to have taken, under no public name.
function isOnItsWay(model) {
  return model.comm_live && model._pending_msgs > 0;
}

// A button is pressed once nothing of any field is on its way; where the kernel is too busy for
// that, or what was typed has disabled the button, nothing is done, and Python says why.
function keepOrder(model, isHere, onTheWay) {
  const waiting = new Set();
  let going = null, ended = false;
  const isSettled = () => !onTheWay().length;
  const miss = (button, why) => {
    const section = button.closest(".voicelab-section")?.getAttribute("aria-label");
    model.send({ type: "missed", button: button.textContent.trim(), section, why });
  };
  const goOn = (button) => {
    if (button.disabled) return miss(button, "late");
    going = button;
    button.click();
    going = null;
  };
  const wait = async (button) => {
    const until = performance.now() + WAITS_MS;
    while (!ended && !isSettled() && performance.now() < until) {
      await new Promise((done) => { setTimeout(done, LOOKS_MS); });
    }
    waiting.delete(button);
    if (ended) return;
    if (isSettled()) goOn(button);
    else miss(button, "busy");
  };
  const press = (event) => {
    const button = isHere(event) && event.target.closest(IN_ORDER);
    if (!button || button === going || (!waiting.size && isSettled())) return;
    event.preventDefault();
    event.stopPropagation();
    if (waiting.has(button)) return;
    waiting.add(button);
    wait(button);
  };
  document.addEventListener("click", press, true);
  return () => {
    ended = true;
    document.removeEventListener("click", press, true);
  };
}

// While a cell awaits, a kernel takes a message and does not say so, and a field would keep what
// is typed next for ever. So one that has waited for a while asks: an answer to what was sent later
// means that what was sent before it has been taken, too.
function keepFlowing(isHere, onTheWay) {
  let typed = 0, timer = 0;
  const ask = (field) => {
    const kept = field._msg_buffer, then = typed;
    const status = (message) => {
      const same = field._msg_buffer === kept && (kept || typed === then); // nothing was sent meanwhile
      if (message.content.execution_state !== "idle" || !same) return;
      for (let lost = field._pending_msgs; lost > 0; lost--) field._handle_status(message);
    };
    field.send({}, { iopub: { status } });
  };
  const look = (wait) => {
    const fields = onTheWay().filter((found) => found.get("_model_module") === "@jupyter-widgets/controls");
    fields.forEach(ask);
    if (fields.length) timer = setTimeout(look, wait, Math.min(2 * wait, ASKS_MS));
  };
  const type = (event) => {
    if (!isHere(event)) return;
    typed++;
    clearTimeout(timer);
    timer = setTimeout(look, STUCK_MS, 2 * STUCK_MS);
  };
  for (const event of ["input", "change"]) document.addEventListener(event, type, true);
  return () => {
    clearTimeout(timer);
    for (const event of ["input", "change"]) document.removeEventListener(event, type, true);
  };
}

export default { render };
