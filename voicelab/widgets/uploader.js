// Sends a file in pieces, each when the kernel has asked for it, and says how far it is.

const SILENT_AFTER_MS = 8000;

function render({ model, el }) {
  const input = Object.assign(document.createElement("input"), { type: "file", tabIndex: -1 });
  const choose = Object.assign(document.createElement("button"), { type: "button" });
  const cancel = Object.assign(document.createElement("button"), { type: "button" });
  const bar = document.createElement("progress"), words = document.createElement("span");
  input.accept = model.get("accept");
  input.setAttribute("aria-label", model.get("label"));
  choose.textContent = model.get("label");
  choose.className = cancel.className = "jupyter-button";
  cancel.textContent = "Cancel";
  input.hidden = cancel.hidden = bar.hidden = true;
  bar.setAttribute("aria-label", "Share of the file that has come");
  words.setAttribute("role", "status");
  el.className = "voicelab-upload";
  el.append(choose, input, bar, cancel, words);
  let file = null, id = "", timer = 0, count = 0;

  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const say = (text, state = "") => { words.textContent = text; el.dataset.state = state; };
  const over = (text, state) => {
    const focused = document.activeElement === cancel;
    clearTimeout(timer);
    file = null;
    cancel.hidden = bar.hidden = true;
    choose.disabled = false;
    say(text, state);
    if (focused) choose.focus();
  };
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => say("The kernel does not answer; it goes on when it does.", "waiting"),
      SILENT_AFTER_MS);
  };
  const begin = (chosen) => {
    file = chosen;
    id = `${Date.now()}-${count += 1}`;
    cancel.hidden = bar.hidden = false;
    choose.disabled = true;
    bar.max = file.size;
    bar.value = 0;
    if (document.activeElement === document.body || document.activeElement === choose) cancel.focus();
    say(`${file.name}: 0 of ${megabytes(file.size)} MB`, "sending");
    listen();
    model.send({ type: "begin", id, name: file.name, size: file.size });
  };
  const next = async (offset) => {
    const asked = id;
    const piece = await file.slice(offset, offset + model.get("piece")).arrayBuffer()
      .catch((error) => over(`The file cannot be read: ${error.message}`, "failed"));
    if (!piece || asked !== id || !file) return;
    bar.value = offset;
    say(`${file.name}: ${megabytes(offset)} of ${megabytes(file.size)} MB`, "sending");
    listen();
    model.send({ type: "piece", id, offset }, undefined, [piece]);
  };
  const told = (message) => {
    if (message.id !== id || !file) return;
    if (message.type === "more") next(message.offset);
    if (message.type === "done") over(`${file.name} is there: ${message.path}`, "done");
    if (message.type === "refused") over(message.why, "failed");
  };
  choose.onclick = () => input.click();
  cancel.onclick = () => {
    model.send({ type: "cancel", id });
    over("Cancelled; nothing of it was kept.", "cancelled");
  };
  input.onchange = () => {
    if (input.files[0]) begin(input.files[0]);
    input.value = "";
  };
  model.on("msg:custom", told);
  return () => {
    clearTimeout(timer);
    if (file) model.send({ type: "cancel", id });
    model.off("msg:custom", told);
  };
}

export default { render };
