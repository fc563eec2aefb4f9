import { fewestWindows, fewestWithParts, partsOfWindow, type ReferencePast } from "./past.ts";

/** The loss of the rows of one part of a window. */
export interface PartLoss {
  rows: number;
  mean: number;
  variance: number;
}

/**
 * How much the mean loss differs from window to window, beyond what independent rows bring, as `Spread.values` is. null for
 * fewer than 2 windows, and for a loss that never varies.
 */
export function lossSpread(windows: readonly (readonly PartLoss[])[]): ReferencePast["performance"] {
  if (windows.length < fewestWithParts) return null;
  const parts = windows.flat().filter(({ rows }) => rows > 1);
  const wholes = windows.map((each) => total(each)).filter(({ rows }) => rows > 1);
  const { variance } = total(parts);
  if (!(variance > 0) || parts.length < fewestWithParts * partsOfWindow) return null;
  const enough = wholes.length >= fewestWindows;
  const ofParts = excess(parts, variance) / partsOfWindow;
  return {
    windows: windows.length,
    freedom: enough ? wholes.length - 1 : parts.length - 1,
    values: Number(Math.max(0, ofParts, enough ? excess(wholes, variance) : 0).toPrecision(4)),
  };
}

function total(parts: readonly PartLoss[]): PartLoss {
  const rows = parts.reduce((sum, each) => sum + each.rows, 0);
  const mean = parts.reduce((sum, each) => sum + each.rows * each.mean, 0) / rows;
  const squares = parts.reduce((sum, each) => sum + each.rows * (each.variance + (each.mean - mean) ** 2), 0);
  return { rows, mean, variance: squares / rows };
}

/** By the mean square of each one's distance from the rest, over its standard error. */
function excess(parts: readonly PartLoss[], variance: number): number {
  const all = total(parts);
  let [sum, scale] = [0, 0];
  for (const { rows, mean } of parts) {
    const rest = all.rows - rows;
    const weight = (rows * rest) / all.rows;
    const difference = mean - (all.rows * all.mean - rows * mean) / rest;
    sum += (difference ** 2 * weight) / variance - 1;
    scale += weight;
  }
  return sum / scale;
}
