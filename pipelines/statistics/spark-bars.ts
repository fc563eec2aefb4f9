const bars = [..."▁▂▃▄▅▆▇█"];
const sparkPoints = 24;

/** One bar for each of at most 24 finite values, the lowest for the smallest. */
export function sparkBars(values: readonly number[]): string {
  const shown = evenlySpread(values, sparkPoints);
  const low = Math.min(...shown);
  const range = Math.max(...shown) - low;
  return shown.map((value) => bars[range > 0 ? Math.floor(((value - low) / range) * (bars.length - 1)) : 0]).join("");
}

/** At most `most` of the values, evenly spread, the first and the last among them. */
export function evenlySpread<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, at) => all[Math.round((at * (all.length - 1)) / (most - 1))]!);
}
