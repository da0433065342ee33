/** Training loss of a flat object on the quality set (golden sim read-me), and what counts as having left it. */
const flatLoss = 309_000;
const leftBelow = 0.9 * flatLoss;

/** The reference's `hash_s1_e40` (40 epochs), amplitude and phase, golden sim read-me. */
const reference = {
  same: { ssim: [0.409, 0.919], psnr: [77.16, 62.38], mae: [0.0286, 0.1551], msSsim: [0.605, 0.623] },
  other: { ssim: [0.476, 0.916], psnr: [76.83, 60.87], mae: [0.0297, 0.1845], msSsim: [0.717, 0.644] },
};
const digits = { ssim: 3, psnr: 2, mae: 4, msSsim: 3 };
const metrics = Object.keys(digits);

/** Loss of every seed after 1, 2, 3 … epochs, in thousands, and how many have left the flat object by the third. */
export function spreadTable(results) {
  const epochs = Math.max(...results.map(({ losses }) => losses.length));
  const thousands = (loss) => (loss === undefined ? '' : String(Math.round(loss / 1000)));
  const rows = Array.from({ length: epochs }, (_, epoch) => [
    `epoch ${epoch + 1}`,
    ...results.map(({ losses }) => thousands(losses[epoch])),
  ]);
  const left = results.filter(({ losses }) => losses.slice(0, 3).some((loss) => loss < leftBelow)).length;
  return `${table(['seed', ...results.map(({ seed }) => String(seed))], rows)}

${left} of ${results.length} seeds are below ${thousands(leftBelow)} (0.9 of a flat object's loss) within 3 epochs.`;
}

/** Scores of the finished seeds beside the reference's. */
export function recipeTable(results, sets) {
  const header = ['seed', 'set', 'SSIM', 'PSNR', 'MAE', 'MS-SSIM', 'not worse than the reference'];
  const pair = (values, metric) => values.map((value) => value.toFixed(digits[metric])).join(' / ');
  const rows = sets.map((set) => [
    'reference, 40 epochs',
    set,
    ...metrics.map((metric) => pair(reference[set][metric], metric)),
    '',
  ]);
  for (const { seed, scores } of results) {
    for (const set of sets) {
      const values = metrics.map((metric) => [scores[set].amplitude[metric], scores[set].phase[metric]]);
      const better = values.flatMap((both, i) =>
        both.map((value, part) => notWorse(metrics[i], value, set, part)),
      );
      rows.push([
        String(seed),
        set,
        ...values.map((both, i) => pair(both, metrics[i])),
        `${better.filter(Boolean).length} of ${better.length}`,
      ]);
    }
  }
  return table(header, rows);
}

/** Compared as printed: the reference's figures are rounded. */
function notWorse(metric, value, set, part) {
  const rounded = Number(value.toFixed(digits[metric]));
  return metric === 'mae' ? rounded <= reference[set][metric][part] : rounded >= reference[set][metric][part];
}

function table(header, rows) {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
