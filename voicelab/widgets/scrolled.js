// A box that scrolls: it can have the focus, or the keyboard could not scroll it.

function render({ model, el }) {
  el.classList.add("voicelab-scrolled");
  el.tabIndex = 0;
  el.setAttribute("role", "region");
  el.setAttribute("aria-label", model.get("label"));
  const draw = () => {
    el.innerHTML = model.get("value"); // from Python, which escapes every word in it
    el.hidden = !model.get("value");
  };
  model.on("change:value", draw);
  draw();
  return () => model.off("change:value", draw);
}

export default { render };
