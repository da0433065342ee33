const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const prefixes = ['', 'k', 'M', 'G', 'T'];

/** A short label of a number for axes: 0.25, 300k, 2×10⁻⁵. */
export function numberLabel(value: number): string {
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size === 0) return '0';
  if (size < 1e-3 || size >= 1e15) {
    const exponent = Math.floor(Math.log10(size) + 1e-9);
    const mantissa = trimmed(size / 10 ** exponent);
    return `${sign}${mantissa === '1' ? '' : `${mantissa}×`}10${superscript(exponent)}`;
  }
  const group = size < 1e4 ? 0 : Math.floor(Math.log10(size) / 3 + 1e-9);
  return `${sign}${trimmed(size / 1000 ** group)}${prefixes[group]}`;
}

/** Labels of evenly spaced ticks, with the same number of decimals where none needs a prefix or a power. */
export function tickLabels(ticks: readonly number[]): readonly string[] {
  const labels = ticks.map(numberLabel);
  if (!labels.every((label) => /^−?\d+(\.\d+)?$/.test(label))) return labels;
  const decimals = Math.max(...labels.map((label) => label.split('.')[1]?.length ?? 0));
  return labels.map((label) => {
    const [whole, fraction = ''] = label.split('.');
    return decimals === 0 ? whole : `${whole}.${fraction.padEnd(decimals, '0')}`;
  });
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function superscript(exponent: number): string {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (digit) => superscripts[Number(digit)]);
  return exponent < 0 ? `⁻${digits}` : digits;
}

/** A phase as a fraction of π for the ticks of a whole turn: −π, −π/2, 0, π/2, π. */
export function halfPiLabel(halves: number): string {
  const sign = halves < 0 ? '−' : '';
  const size = Math.abs(halves);
  if (size === 0) return '0';
  const factor = size % 2 === 0 ? size / 2 : size;
  return `${sign}${factor === 1 ? '' : factor}π${size % 2 === 0 ? '' : '/2'}`;
}
