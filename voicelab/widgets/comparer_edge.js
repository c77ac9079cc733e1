
// --- where exceptions end ---------------------------------------------------------------------

const EDGES = new WeakMap(); // what a comparer does with an exception, by its root

/** A listener whose exception is said by the comparer that its element stands in. */
function edged(listener) {
  return (event) => {
    const edge = EDGES.get(event.currentTarget.closest(".voicelab-comparer")); // later it may be gone
    if (!edge) return listener(event);
    edge(() => listener(event));
  };
}
