import type { QuantityMetrics, ShownComparison, TruthComparison } from '@ptychofleet/imaging';

/** The scalar metrics of one quantity; FRC cut-offs in rings of an image of `frcSide` pixels. */
export type Scores = Omit<QuantityMetrics, 'frc'>;

/** The scalar metrics for programs; a number that is infinite, as the PSNR of equal images, becomes null in JSON. */
export function scoresOf({ metrics }: TruthComparison): {
  readonly amplitude: Scores;
  readonly phase: Scores;
} {
  const plain = ({ frc: _, ...scores }: QuantityMetrics): Scores => scores;
  return { amplitude: plain(metrics.amplitude), phase: plain(metrics.phase) };
}

/** All that is known of one comparison, with its ring correlations. */
export function recordOf({ label, comparison }: ShownComparison): object {
  const { metrics, interior, box, shift, amplitudeScale, phaseRemoved } = comparison;
  const quantity = ({ frc, ...scores }: QuantityMetrics): object => ({ ...scores, frc: [...frc] });
  return {
    label,
    box,
    shift,
    amplitudeScale,
    phaseRemoved,
    frcSide: metrics.frcSide,
    amplitude: quantity(metrics.amplitude),
    phase: quantity(metrics.phase),
    interior,
  };
}

/**
 * The figures that a person wants in the terminal: metrics in rows, amplitude and phase of each reconstruction in columns,
 * and what was done to bring them together.
 */
export function scoreLines(shown: readonly ShownComparison[], against: string): string[] {
  const quantities = shown.flatMap(({ comparison: { metrics } }) =>
    (['amplitude', 'phase'] as const).map((name) => ({ name, side: metrics.frcSide, scores: metrics[name] })),
  );
  const rows = [
    ['', ...quantities.map(({ name }) => name)],
    ...Object.entries(cells).map(([title, cell]) => [
      title,
      ...quantities.map(({ name, side, scores }) => cell(scores, name, side)),
    ]),
  ];
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  const aligned = rows.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[at]))).join('   '),
  );
  return [
    `against ${against}:`,
    ...(shown.length > 1 ? [labelLine(shown, widths)] : []),
    ...aligned.map((line) => `  ${line}`),
    ...shown.map((one) => `  ${shown.length > 1 ? `${one.label}: ` : ''}${alignment(one.comparison)}`),
  ];
}

/** How each metric is written, by its name in the table. */
const cells: Record<string, (scores: Scores, quantity: 'amplitude' | 'phase', side: number) => string> = {
  MAE: ({ mae }, quantity) => `${significant(mae)}${quantity === 'phase' ? ' rad' : ''}`,
  MSE: ({ mse }, quantity) => `${significant(mse)}${quantity === 'phase' ? ' rad²' : ''}`,
  PSNR: ({ psnr }) => (Number.isFinite(psnr) ? `${psnr.toFixed(2)} dB` : '∞ dB'),
  SSIM: ({ ssim }) => fixed(ssim),
  'MS-SSIM': ({ msSsim }) => fixed(msSsim),
  FRC50: ({ frc50 }, _, side) => rings(frc50, side),
  'FRC 1/7': ({ frc1over7 }, _, side) => rings(frc1over7, side),
};

function significant(value: number): string {
  return Number.isNaN(value) ? 'none' : value.toPrecision(3);
}

function fixed(value: number): string {
  return Number.isNaN(value) ? 'none' : value.toFixed(4);
}

/** A cut-off as the full period in pixels that goes with it, which two boxes share where rings are not alike. */
function rings(cutoff: number, side: number): string {
  if (cutoff > side / 2) return 'beyond Nyquist';
  return `${cutoff.toFixed(2)} of ${Math.floor(side / 2)} rings`;
}

function labelLine(shown: readonly ShownComparison[], widths: readonly number[]): string {
  const heads = shown.map(({ label }, i) => {
    const width = widths[1 + 2 * i] + 3 + widths[2 + 2 * i];
    return (label.length > width ? `${label.slice(0, width - 1)}…` : label).padStart(width);
  });
  return `  ${[' '.repeat(widths[0]), ...heads].join('   ')}`;
}

function alignment({ box, shift, phaseRemoved, amplitudeScale }: TruthComparison): string {
  const pair = (x: number, y: number, digits: number): string => `${signed(x, digits)}, ${signed(y, digits)}`;
  return [
    `on ${box.width}×${box.height} px`,
    `reference moved by ${pair(-shift.dx, -shift.dy, 2)} px (x, y)`,
    `phase ramp ${pair(phaseRemoved.slopeX, phaseRemoved.slopeY, 4)} rad/px and offset ${signed(phaseRemoved.offset, 2)} rad removed`,
    `amplitude × ${amplitudeScale.toPrecision(4)}`,
  ].join(', ');
}

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return `${value < 0 && Number(text) !== 0 ? '−' : '+'}${text}`;
}

const csvColumns = ['mae', 'mse', 'psnr', 'ssim', 'msSsim', 'frc50', 'frc1over7'] as const;

/** The scalar metrics as a table for spreadsheets: a row for each quantity of each reconstruction. */
export function scoresCsv(shown: readonly ShownComparison[]): string {
  const header = ['reconstruction', 'quantity', ...csvColumns, 'frcSide'];
  const rows = shown.flatMap(({ label, comparison: { metrics } }) =>
    (['amplitude', 'phase'] as const).map((quantity) => [
      csvText(label),
      quantity,
      ...csvColumns.map((column) => String(metrics[quantity][column])),
      String(metrics.frcSide),
    ]),
  );
  return [header, ...rows].map((row) => `${row.join(',')}\n`).join('');
}

function csvText(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
