/**
 * Bilinear translation along one axis as a matrix (model spec §6.2): row `r` reads position `r + origin - shift` of the
 * source, where neighbours outside [0, columns) count as 0. The 2-D map is separable: out = R(dy)·img·R(dx)ᵀ.
 *
 * Written row-major at `offset` of `target`, whose elements there must be 0; `stride` is the length of a target row.
 */
export function fillTranslation(
  target: Float32Array,
  offset: number,
  stride: number,
  rows: number,
  columns: number,
  origin: number,
  shift: number,
): void {
  const whole = Math.floor(origin - shift);
  const fraction = origin - shift - whole;
  for (let row = 0; row < rows; row++) {
    const column = row + whole;
    const at = offset + row * stride + column;
    if (column >= 0 && column < columns) target[at] = 1 - fraction;
    if (column + 1 >= 0 && column + 1 < columns) target[at + 1] = fraction;
  }
}

/** The (rows, columns) matrix of {@link fillTranslation}. */
export function translationMatrix(
  rows: number,
  columns: number,
  origin: number,
  shift: number,
): Float32Array {
  const matrix = new Float32Array(rows * columns);
  fillTranslation(matrix, 0, columns, rows, columns, origin, shift);
  return matrix;
}
