/** Sums over the rows of a node; gradient and hessian in the loss's own unit. */
export interface NodeSums {
  rows: number;
  gradient: number;
  hessian: number;
}

/** What the numbers of a histogram mean: see HistogramLayout. */
export interface HistogramUnits {
  countWeight: number;
  gradientScale: number;
  hessianScale: number;
}

/** Sums of a whole node, read from any one column's cells. */
export function nodeSums(cells: Float64Array, channels: 1 | 2, units: HistogramUnits): NodeSums {
  let packed = 0;
  let hessian = 0;
  for (let i = 0; i < cells.length; i += channels) {
    packed += cells[i]!;
    if (channels === 2) hessian += cells[i + 1]!;
  }
  return unpack(packed, hessian, channels, units);
}

/** Takes the sums of cells apart. */
export function unpack(packed: number, hessian: number, channels: 1 | 2, units: HistogramUnits): NodeSums {
  const rows = Math.round(packed / units.countWeight);
  const gradient = (packed - rows * units.countWeight) / units.gradientScale;
  return { rows, gradient, hessian: channels === 1 ? rows : hessian / units.hessianScale };
}
