// --- the page comes up ------------------------------------------------------------------------

const host = part("comparer");
let leave = () => {};

function show(model) {
  leave();
  host.replaceChildren(); // what stands there for browsers without scripts
  leave = render({ model, el: host });
}

/** Ask the reader for stars and notes; those of whoever made the page are out of sight meanwhile. */
function ask() {
  const opinions = new Opinions();
  part("asked").hidden = true;
  part("answering").hidden = false;
  part("rater").addEventListener("input", () => opinions.show());
  part("save").addEventListener("click", () => opinions.save());
  part("copy").addEventListener("click", () => opinions.copy());
  addEventListener("beforeunload", (event) => opinions.unsaved && event.preventDefault());
  opinions.show();
  show(new PageModel(page.state.rows.map((row) => ({ ...row, rating: null, note: "" })), opinions));
}

for (const button of document.querySelectorAll(".sortable button")) {
  button.addEventListener("click", () => sortTable(button));
}
part("begin").addEventListener("click", () => {
  ask();
  host.scrollIntoView();
});
part("answers").hidden = !Object.keys(page.clips).length;
if (page.page) ask();
else show(new PageModel(page.state.rows));
