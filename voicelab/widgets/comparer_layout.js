// --- where rows and headings stand ------------------------------------------------------------

const HEADING = 34; // px; fixed, as the height of a row is

/** Rows and group headings from top to bottom; only those in view exist as elements.
 *
 * An item is `{ id }` for a trial or `{ group, title, count, first, open }` for a heading.
 */
class Layout {
  constructor(items = [], rowHeight = 0) {
    this.items = items;
    this.tops = new Float64Array(items.length + 1);
    this.places = new Map();
    items.forEach((item, i) => {
      this.tops[i + 1] = this.tops[i] + (item.id ? rowHeight : HEADING);
      this.places.set(item.id ?? `group ${item.group}`, i);
    });
  }

  get height() {
    return this.tops[this.items.length];
  }

  /** The item at a height, by halving. */
  at(y) {
    let [low, high] = [0, this.items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] > y) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The items from one height to another, and so many more on either side. */
  window(top, bottom, spare) {
    return [Math.max(0, this.at(top) - spare), Math.min(this.items.length, this.at(bottom) + 1 + spare)];
  }
}
