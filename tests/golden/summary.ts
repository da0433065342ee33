import { agrees, passes, type Comparison, type FileReport, type Uncompared } from './comparison.ts';

/** One row of the table: the tensor of a file and kind that comes closest to its limit, or goes beyond. */
export interface SummaryRow extends Comparison {
  readonly file: string;
  /** Tensors of this kind in the file. */
  readonly compared: number;
}

export function summaryRows(reports: readonly FileReport[]): SummaryRow[] {
  return reports.flatMap(({ file, comparisons }) => {
    const kinds = [...new Set(comparisons.map(({ kind }) => kind))];
    return kinds.map((kind) => {
      const rows = comparisons.filter((row) => row.kind === kind);
      const worst = rows.reduce((a, b) => (strain(b) > strain(a) ? b : a));
      return { file, compared: rows.length, ...worst };
    });
  });
}

/** How much of its tolerance a tensor uses up. */
function strain({ difference, tolerance }: Comparison): number {
  return difference === 0 ? 0 : difference / tolerance;
}

const columns = ['file', 'kind', 'tensors', 'worst tensor', 'place', 'difference', 'allowed'] as const;

function cells(row: SummaryRow): string[] {
  const { file, kind, compared, tensor, place, difference, tolerance } = row;
  const where = difference === 0 ? '' : place;
  return [file, kind, String(compared), tensor, where, short(difference), short(tolerance)];
}

/** For a terminal. */
export function textTable(rows: readonly SummaryRow[]): string {
  const table = [[...columns], ...rows.map(cells)];
  const widths = columns.map((_, column) => Math.max(...table.map((line) => line[column].length)));
  return table
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** For a page. */
export function markdownTable(rows: readonly SummaryRow[]): string {
  const line = (of: readonly string[]) => `| ${of.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const body = rows.map((row) => {
    const [file, kind, compared, tensor, place, ...numbers] = cells(row);
    return line([`\`${file}\``, kind, compared, `\`${tensor}\``, place, ...numbers]);
  });
  return [line(columns), line(columns.map(() => '---')), ...body].join('\n');
}

/** Everything that keeps a folder from passing, a sentence each. */
export function failures(reports: readonly FileReport[]): string[] {
  return reports.flatMap(({ file, comparisons, problems }) => [
    ...problems.map((problem) => `${file}: ${problem}`),
    ...comparisons.filter((row) => !agrees(row)).map((row) => `${file}: ${mismatch(row)}`),
    ...(problems.length + comparisons.length === 0 ? [`${file}: nothing in it could be compared`] : []),
  ]);
}

function mismatch({ tensor, place, ours, theirs, difference, tolerance }: Comparison): string {
  const values = Number.isNaN(ours) && Number.isNaN(theirs) ? '' : `: ours ${ours}, the file's ${theirs}`;
  return `${tensor} at ${place}${values}; difference ${short(difference)}, allowed ${short(tolerance)}`;
}

/** What was left out and why, a line each. */
export function leftOut(reports: readonly FileReport[]): string[] {
  const line = (file: string, { keys, reason }: Uncompared) => `${file}: ${keys.join(', ')}: ${reason}`;
  return reports.flatMap(({ file, uncompared }) => uncompared.map((each) => line(file, each)));
}

export function closingLine(reports: readonly FileReport[]): string {
  const tensors = reports.flatMap(({ comparisons }) => comparisons);
  const failed = reports.filter((report) => !passes(report)).length;
  const differing = tensors.filter((row) => !agrees(row)).length;
  const left = reports.flatMap(({ uncompared }) => uncompared.flatMap(({ keys }) => keys)).length;
  return [
    `${reports.length - failed} of ${reports.length} files pass`,
    `${tensors.length} tensors compared`,
    `${differing} differ`,
    `${left} known ones have no counterpart`,
  ].join(', ');
}

function short(value: number): string {
  if (value === 0) return '0';
  return Number.isFinite(value) ? value.toExponential(1).replace('.0e', 'e') : 'none';
}
