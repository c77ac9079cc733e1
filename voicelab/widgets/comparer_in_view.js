
// --- the rows in view -------------------------------------------------------------------------

/** Keeps elements for the rows in view only, however many rows there are, and finds the way among them.
 *
 * A few above and below stand ready to be scrolled to. At first they wait until what is seen is drawn.
 */
class InView {
  elements = new Map();
  spare = 0;

  constructor(owner) {
    this.owner = owner;
  }

  listen() {
    const { owner } = this;
    this.press = () => { this.pressed = true; };
    this.release = () => {
      this.pressed = false;
      if (this.unordered) owner.guard(() => owner.soon()); // the click comes before it
    };
    owner.rail.addEventListener("pointerdown", this.press, true);
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, this.release);
  }

  /** Draw the rows and headings in view; while scrolling only those that have come into it. */
  draw(scrolling) {
    const { layout, list, rail, groups } = this.owner;
    const height = `${layout.height}px`;
    if (rail.style.height !== height) rail.style.height = height;
    const { scrollTop, clientHeight } = list;
    const [first, last] = layout.window(scrollTop, scrollTop + (clientHeight || AT_FIRST), this.spare);
    Object.assign(this, { drawnAt: scrollTop, height: clientHeight });
    if (last > first) this.#getReady();
    this.#rows(layout.items.slice(first, last), scrolling);
    groups.draw(first, last);
    if (!scrolling) this.#putInOrder();
    if (!scrolling) this.#pointOut();
  }

  #getReady() {
    this.readying ??= this.owner.later(() => {
      this.spare = SPARE;
      this.owner.draw();
    }, SETTLED);
  }

  close() {
    clearTimeout(this.readying);
    for (const end of ["pointerup", "pointercancel"]) removeEventListener(end, this.release);
  }

  /** Whether the list has another height than it was drawn for. */
  get resized() {
    return this.owner.list.clientHeight !== this.height;
  }

  /** Whether the list stands where it was drawn last. */
  get rests() {
    return this.owner.list.scrollTop === this.drawnAt;
  }

  /** Draw the rows in view, and the active one wherever it is: what is focused stays. */
  #rows(items, scrolling) {
    const { owner, elements } = this;
    const wanted = new Set(items.filter((item) => item.id).map((item) => item.id));
    if (owner.layout.places.has(owner.active)) wanted.add(owner.active);
    const focus = owner.root.getRootNode().activeElement;
    const free = [...elements.values()].filter((row) => !wanted.has(row.id) && this.#leave(row, focus));
    for (const id of wanted) {
      const fresh = !elements.has(id);
      if (fresh || !scrolling) this.#rowOf(id, free).update(owner.order.get(id), owner.shown.length);
    }
    for (const { element } of free) element.remove();
  }

  /** The row of a trial: one that went out of view becomes it, or a new one. */
  #rowOf(id, free) {
    if (!this.elements.has(id)) {
      const row = free.pop() ?? new Row(id, this.owner);
      if (row.id !== id) row.become(id);
      else this.owner.rail.append(row.element);
      this.elements.set(id, row);
    }
    return this.elements.get(id);
  }

  /** Let a row go that went out of view, unless somebody types in it. */
  #leave(row, focus) {
    const { order, shown } = this.owner;
    const focused = row.element.contains(focus);
    if (focused && order.has(row.id)) {
      row.update(order.get(row.id), shown.length);
      return false;
    }
    this.elements.delete(row.id);
    if (focused) this.owner.focus();
    return true;
  }

  /** Bring the elements into the order they are seen in, which is the order they are read in.
   *
   * Not while somebody types in one, which would end the typing, or presses one: a press on an
   * element that is moved until it is let go is no click.
   */
  #putInOrder() {
    const { layout, rail, root, groups } = this.owner;
    const focus = root.getRootNode().activeElement;
    this.unordered = this.pressed || (focus !== rail && rail.contains(focus));
    if (this.unordered) return;
    const rows = [...this.elements.values()].map(({ id, element }) => [layout.places.get(id), element]);
    const headings = [...groups.headings].map(([group, element]) => [layout.places.get(`group ${group}`), element]);
    const order = [...rows, ...headings].sort(([a], [b]) => a - b);
    let next = null; // from the last to the first: one that was scrolled around moves once
    for (const [, element] of order.reverse()) {
      if (element.nextSibling !== next || element.parentNode !== rail) rail.insertBefore(element, next);
      next = element;
    }
  }

  /** Tell assistive technology which row the keys work on. */
  #pointOut() {
    const { active, groups, layout, rail } = this.owner;
    const here = this.elements.get(active)?.element
      ?? [...groups.headings.values()].find((heading) => heading.getAttribute("aria-current") === "true");
    if (here) rail.setAttribute("aria-activedescendant", here.id);
    else rail.removeAttribute("aria-activedescendant");
    rail.setAttribute("aria-rowcount", layout.items.length);
  }

  topOf(id) {
    const { tops, places } = this.owner.layout;
    return tops[places.get(id)] ?? 0;
  }

  /** The place of a trial among what stands from top to bottom, or of the heading it is folded under. */
  #placeOf(id) {
    return this.owner.layout.places.get(id) ?? this.owner.groups.placeOf(id);
  }

  /** Go to the next row or folded group, whichever stands there. */
  move(step) {
    const { owner } = this;
    const { items } = owner.layout;
    let place = this.#placeOf(owner.active);
    if (place === undefined) return owner.go(0);
    do place += Math.sign(step); while (items[place] && !items[place].id && items[place].open);
    const item = items[place];
    if (item?.id) owner.to(item.id);
    else if (item) {
      owner.activate(item.ids[0], { quiet: true });
      this.showActive();
      owner.speak(`${owner.groups.title(item.group)}, ${item.ids.length} trials, folded`);
    }
  }

  showActive() {
    const { active, layout: { tops }, list, pin, pictures } = this.owner;
    const place = this.#placeOf(active);
    if (place === undefined) return;
    const above = HEAD + (pin.reference ? pictures.size.row : 0);
    const { scrollTop, clientHeight } = list;
    if (tops[place] < scrollTop) list.scrollTop = tops[place];
    else if (tops[place + 1] + above > scrollTop + clientHeight) list.scrollTop = tops[place + 1] + above - clientHeight;
  }
}
