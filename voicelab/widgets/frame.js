// The bar of the studio's sections, and what ipywidgets leave out for those who use the keyboard.

const ARROWS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const SETTLES_MS = 60;
const LOOKS_MS = 20, WAITS_MS = 5_000;
const STUCK_MS = 1_000, ASKS_MS = 15_000;
const IN_ORDER = ".widget-button:not(.voicelab-at-once)";

function render({ model, el }) {
  const bar = document.createElement("nav");
  bar.className = "voicelab-bar-of-sections";
  bar.setAttribute("aria-label", "Sections of the studio");
  el.append(bar);
  let root = null;
  const sectionOf = (title) => root?.querySelector(`.voicelab-section-${title.toLowerCase()}`);
  const go = (title) => {
    const section = sectionOf(title);
    if (!section) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    section.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
    section.focus({ preventScroll: true });
  };
  const draw = () => {
    const focused = bar.contains(document.activeElement) && document.activeElement.dataset.section;
    bar.replaceChildren(...model.get("sections").map((title) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.section = title;
      button.append(title);
      const news = model.get("news")[title];
      if (news) {
        const badge = document.createElement("span");
        badge.textContent = news;
        button.append(badge);
      }
      button.onclick = () => go(title);
      return button;
    }));
    if (focused) bar.querySelector(`[data-section="${focused}"]`)?.focus();
  };
  bar.onkeydown = (event) => {
    const buttons = [...bar.children], at = buttons.indexOf(document.activeElement);
    const to = event.key === "Home" ? 0 : event.key === "End" ? buttons.length - 1
      : event.key in ARROWS ? (at + ARROWS[event.key] + buttons.length) % buttons.length : null;
    if (to === null || at < 0) return;
    event.preventDefault();
    buttons[to].focus();
  };
  const told = (message) => { if (message.type === "go") go(message.section); };
  model.on("change:sections", draw);
  model.on("change:news", draw);
  model.on("msg:custom", told);
  draw();
  let leave = () => {};
  const settle = () => {
    root = el.closest(".voicelab-studio");
    if (!root) return false;
    for (const title of model.get("sections")) name(sectionOf(title), title);
    const ends = [keepKeys(root), keepFocus(root, bar), keepOrder(root, model)];
    leave = () => ends.forEach((end) => end());
    root.dataset.framed = "1";
    return true;
  };
  let frame = 0;
  const wait = () => { if (!settle()) frame = requestAnimationFrame(wait); };
  wait();
  return () => {
    cancelAnimationFrame(frame);
    leave();
    model.off("change:sections", draw);
    model.off("change:news", draw);
    model.off("msg:custom", told);
  };
}

// A section is a landmark that can have the focus, and so can be gone on from by Tab.
function name(section, title) {
  if (!section) return;
  section.setAttribute("role", "region");
  section.setAttribute("aria-label", title);
  section.tabIndex = -1;
}

// A notebook in command mode takes plain keys for itself: Enter would leave the studio, d d delete
// the cell. Chords such as Ctrl+S stay the notebook's. It looks at the element that has the focus
// before it looks at those around it, so the word must stand on that one.
function keepKeys(root) {
  const decide = (event) => {
    if (!root.contains(event.target)) return;
    const chord = event.ctrlKey || event.metaKey || event.altKey;
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !chord);
  };
  window.addEventListener("keydown", decide, true);
  return () => window.removeEventListener("keydown", decide, true);
}

// A button that is pressed and disabled, or a line that is drawn anew, takes the focus with it:
// then the drawer or the section it stood in has it, and Tab goes on from there.
function keepFocus(root, bar) {
  let last = null, section = null, timer = 0;
  const came = (event) => {
    last = event.target;
    section = last.closest(".voicelab-section") ?? bar;
  };
  const gone = () => !root.contains(last) || last.disabled || last.offsetParent === null;
  const look = () => {
    const lost = document.activeElement === document.body || document.activeElement?.disabled
      || (document.activeElement?.contains(root) && document.activeElement !== root);
    if (last && lost && root.isConnected && gone()) {
      const drawer = root.contains(last) ? last.closest(".voicelab-drawer > :nth-child(2)") : null;
      const near = drawer?.previousElementSibling ?? (section.isConnected ? section : null);
      (near ?? bar.firstElementChild)?.focus({ preventScroll: true });
    }
  };
  const watcher = new MutationObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(look, SETTLES_MS);
  });
  root.addEventListener("focusin", came);
  const left = (event) => { if (event.relatedTarget && !root.contains(event.relatedTarget)) last = null; };
  root.addEventListener("focusout", left);
  watcher.observe(root, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["disabled", "style", "class"],
  });
  return () => {
    watcher.disconnect();
    clearTimeout(timer);
    root.removeEventListener("focusin", came);
    root.removeEventListener("focusout", left);
  };
}

// A field keeps what is typed until the kernel has taken what was typed before it, and a kernel
// takes the messages of two widgets in any order. So a button is pressed once nothing of any field
// is on its way; where the kernel is too busy for that, or what was typed has disabled the button,
// nothing is done, and the studio says why.
function keepOrder(root, model) {
  let studio = null, going = null, ended = false;
  const waiting = new Set();
  model.widget_manager?.get_model(model.get("studio")).then((found) => { studio = found; });
  const onTheWay = () => (studio ? [...within(studio)].filter(isOnItsWay) : []);
  const isSettled = () => !onTheWay().length;
  const endFlow = keepFlowing(root, onTheWay);
  const goOn = (button) => {
    if (button.disabled) return missed(button, "late");
    going = button;
    button.click();
    going = null;
  };
  const missed = (button, why) => {
    const section = button.closest(".voicelab-section")?.getAttribute("aria-label");
    model.send({ type: "missed", button: button.textContent.trim(), section, why });
  };
  const wait = async (button) => {
    const until = performance.now() + WAITS_MS;
    try {
      while (!ended && !isSettled() && performance.now() < until) {
        await new Promise((done) => { setTimeout(done, LOOKS_MS); });
      }
    } finally {
      waiting.delete(button);
    }
    if (ended) return;
    if (isSettled()) goOn(button);
    else missed(button, "busy");
  };
  const press = (event) => {
    const button = event.target.closest(IN_ORDER);
    if (!button || button === going || (!waiting.size && isSettled())) return;
    event.preventDefault();
    event.stopPropagation();
    if (waiting.has(button)) return;
    waiting.add(button);
    wait(button);
  };
  root.addEventListener("click", press, true);
  return () => {
    ended = true;
    endFlow();
    root.removeEventListener("click", press, true);
  };
}

// While a cell awaits, a kernel takes a message and does not say so, and ipywidgets keep whatever
// is typed next for ever. So a field that has waited for a while asks: an answer to what was sent
// later means that what was sent before it has been taken, too.
function keepFlowing(root, onTheWay) {
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
  const type = () => {
    typed++;
    clearTimeout(timer);
    timer = setTimeout(look, STUCK_MS, 2 * STUCK_MS);
  };
  root.addEventListener("input", type, true);
  root.addEventListener("change", type, true);
  return () => {
    clearTimeout(timer);
    root.removeEventListener("input", type, true);
    root.removeEventListener("change", type, true);
  };
}

function* within(model) {
  yield model;
  for (const child of model.get("children") ?? []) yield* within(child);
}

// ipywidgets count what the kernel has not said to have taken, under no public name.
function isOnItsWay(model) {
  return model.comm_live && model._pending_msgs > 0;
}

export default { render };
