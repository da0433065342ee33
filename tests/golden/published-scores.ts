/** Scores in the golden sim read-me's table, by our names. */
export type ScoreName = 'ssim' | 'psnr' | 'mae' | 'msSsim' | 'frc50' | 'frc1over7';

/** Amplitude and phase as printed: the digits tell how far the table is rounded. */
export type PublishedScores = Readonly<Record<ScoreName, readonly [amplitude: string, phase: string]>>;

/**
 * The rows `run (loss) | set | SSIM | PSNR | MAE | MS-SSIM | FRC50 | FRC 1/7` of the read-me, by loss. A dash stands for ring
 * correlations of the phase of an object that stayed flat: between rounding errors, which no two programs share.
 */
const table = `
184731 | test_same_object  | 0.298 / 0.891 | 73.72 / 62.20 | 0.0415 / 0.1582 | 0.261 / 0.559 | 3.56 / 1.89   | 8.64 / 11.44
184731 | test_other_object | 0.344 / 0.889 | 71.26 / 60.77 | 0.0563 / 0.1856 | 0.316 / 0.587 | 4.00 / 10.21  | 9.39 / 11.88
184731 | train             | 0.296 / 0.895 | 73.78 / 62.19 | 0.0414 / 0.1595 | 0.255 / 0.552 | 3.56 / 1.63   | 6.74 / 10.78
314334 | test_same_object  | 0.266 / 0.850 | 72.69 / 60.26 | 0.0463 / 0.2022 | 0.103 / 0.068 | 1.17 / –      | 5.52 / –
314334 | test_other_object | 0.296 / 0.856 | 69.85 / 59.09 | 0.0666 / 0.2278 | 0.091 / 0.074 | 1.14 / –      | 1.80 / –
314334 | train             | 0.267 / 0.850 | 72.86 / 60.26 | 0.0457 / 0.2027 | 0.105 / 0.067 | 0.87 / –      | 2.89 / –
95601  | test_same_object  | 0.409 / 0.919 | 77.16 / 62.38 | 0.0286 / 0.1551 | 0.605 / 0.623 | 8.16 / 13.87  | 110.00 / 21.81
95601  | test_other_object | 0.476 / 0.916 | 76.83 / 60.87 | 0.0297 / 0.1845 | 0.717 / 0.644 | 9.01 / 1.39   | 77.91 / 34.91
95601  | train             | 0.406 / 0.918 | 76.89 / 62.41 | 0.0294 / 0.1544 | 0.603 / 0.608 | 6.74 / 1.71   | 18.95 / 16.84
`;

/** @returns null for a run or scan that the table does not have. */
export function publishedScores(finalLoss: number, set: string): PublishedScores | null {
  const rows = table
    .trim()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()));
  const row = rows.find(([loss, name]) => Number(loss) === Math.round(finalLoss) && name === set);
  if (row === undefined) return null;
  const pair = (cell: string) => cell.split(' / ') as [string, string];
  const [ssim, psnr, mae, msSsim, frc50, frc1over7] = row.slice(2).map(pair);
  return { ssim, psnr, mae, msSsim, frc50, frc1over7 };
}
