// Samples and what is said about them. Two things are compared by their ratio within each repeat, so that whatever slows the
// machine for a while slows both.

/** Middle value, and the values a quarter from each end. */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  // Between two samples, as many ways from each.
  const at = (share) => {
    const place = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below + (above - below) * (place % 1);
  };
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/**
 * Calls each of `sides` (name → async () => number) once per repeat, in turning order, and drops the first `warmUp` repeats.
 * @returns name → numbers, one per repeat kept.
 */
export async function interleave(sides, { repeats, warmUp }) {
  const names = Object.keys(sides);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let repeat = 0; repeat < warmUp + repeats; repeat++) {
    const order = repeat % 2 === 0 ? names : [...names].reverse();
    for (const name of order) {
      const value = await sides[name]();
      if (repeat >= warmUp) samples[name].push(value);
    }
  }
  return samples;
}

/** A row of the report: `theirs` over `ours`, repeat by repeat. Above 1 ours is better where small is good. */
export function ratioRow(what, unit, ours, theirs) {
  return {
    what,
    unit,
    ours: summary(ours),
    theirs: summary(theirs),
    ratio: summary(theirs.map((value, i) => value / ours[i])),
  };
}

/** A row without a counterpart. */
export function valueRow(what, unit, values) {
  return { what, unit, ours: summary(values) };
}

const digits = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
const spread = ({ median, low, high }) => `${digits(median)} (${digits(low)}–${digits(high)})`;

/** A Markdown table; medians with the quartiles in brackets. */
export function table(rows) {
  const cells = rows.map(({ what, unit, ours, theirs, ratio }) => [
    what,
    unit,
    spread(ours),
    theirs ? spread(theirs) : '–',
    ratio ? `**${ratio.median.toFixed(2)}** (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})` : '–',
  ]);
  const head = ['what', 'unit', 'ours', 'theirs', 'ratio'];
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}
