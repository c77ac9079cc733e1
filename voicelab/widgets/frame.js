// The bar of the studio's sections, and what ipywidgets leave out for those who use the keyboard.

const ARROWS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const SETTLES_MS = 60;

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
    const ends = [keepKeys(root), keepFocus(root, bar)];
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

export default { render };
