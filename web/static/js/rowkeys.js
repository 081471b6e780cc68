// Moving through the grid by keyboard: one row is in the tab order, arrows go on, Shift takes the rows along.
const PAGE = 12;

/** `grid` has `table` (RowTable), `act(name, row)`. Keys work while a row has the focus, so that no field loses a letter. */
export function keys(grid) {
  const { table } = grid;
  let active = null;
  let anchor = null;

  const go = (row, focus = true) => {
    if (!row) return;
    if (active) active.element.tabIndex = -1;
    active = row;
    row.element.tabIndex = 0;
    if (focus) row.element.focus({ preventScroll: false });
  };

  const place = () => table.seen.findIndex((row) => row.n === active?.n);

  const extend = (from, to) => {
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    grid.choose(table.seen.slice(low, high + 1).map((row) => row.n), true);
  };

  const move = (step, held) => {
    const here = Math.max(place(), 0);
    const there = Math.min(Math.max(here + step, 0), table.seen.length - 1);
    if (held) {
      anchor ??= here;
      extend(anchor, there);
    } else anchor = null;
    go(table.seen[there]);
  };

  const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -1e6, End: 1e6 };

  table.body.addEventListener("keydown", (event) => {
    const row = table.rows.get(Number(event.target.closest("tr")?.dataset.n));
    if (!row) return;
    const onRow = event.target === row.element;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (active !== row) go(row, false);
    if (event.key in STEPS && plain) move(STEPS[event.key], event.shiftKey);
    else if (event.key === " " && onRow) {
      anchor = place();
      grid.choose([row.n], !table.chosen.has(row.n));
    } else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) grid.chooseAll(true);
    else if (event.key === "Escape") grid.clear();
    else if (event.key === "Enter" && onRow) grid.history(row.element.querySelector("[data-history]"));
    else if (plain && !event.shiftKey && /^[1-9]$/.test(event.key) && onRow) {
      if (!table.chosen.size) grid.choose([row.n], true);
      grid.decide(Number(event.key) - 1);
    } else return;
    event.preventDefault();
  });

  table.body.addEventListener("click", (event) => {
    const row = table.rows.get(Number(event.target.closest("tr")?.dataset.n));
    if (!row || event.target.closest("a")) return;
    const last = place();
    const on = event.target === row.box ? row.box.checked : !table.chosen.has(row.n);
    go(row, event.target !== row.box);
    if (event.shiftKey && last >= 0) extend(last, place());
    else grid.choose([row.n], on);
  });

  return {
    /** Keep one row in the tab order after rows came, went or changed; give it the focus again if it had it. */
    settle(focus = false) {
      const here = table.rows.get(active?.n);
      go(here && !here.element.hidden ? here : table.seen[0], focus);
    },
    current: () => active,
  };
}
