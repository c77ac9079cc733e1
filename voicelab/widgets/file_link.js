// Leads to a written file by way of the notebook's own server, if that has it.

async function addressOf(beside) {
  const config = document.getElementById("jupyter-config-data");
  if (!config || !beside) return null;
  const base = JSON.parse(config.textContent).baseUrl ?? "/";
  const notebook = /\/(?:tree|notebooks|voila\/render)\/(.*)$/.exec(location.pathname)?.[1] ?? "";
  const folder = notebook.includes("/") ? notebook.slice(0, notebook.lastIndexOf("/") + 1) : "";
  const address = `${base}files/${folder}${beside.split("/").map(encodeURIComponent).join("/")}`;
  const reply = await fetch(address, { method: "HEAD" }).catch(() => null);
  return reply?.ok ? address : null;
}

function render({ model, el }) {
  const draw = async () => {
    const path = model.get("path"), beside = model.get("beside");
    el.replaceChildren();
    if (!path) return;
    const address = await addressOf(beside);
    if (path !== model.get("path")) return;
    const shown = document.createElement(address ? "a" : "code");
    if (address) Object.assign(shown, { href: address, target: "_blank", rel: "noreferrer" });
    shown.textContent = address ? `Open ${beside}` : path;
    shown.className = "voicelab-file";
    el.replaceChildren(shown);
  };
  model.on("change:path", draw);
  draw();
  return () => model.off("change:path", draw);
}

export default { render };
