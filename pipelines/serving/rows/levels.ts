/** The different texts of a column, in the order in which they came. */
export interface Levels {
  levels: readonly string[];
  /** Where a text is; it is added when it is not there yet. */
  codeOf(text: string): number;
  /** −1 when it is not there. */
  known(text: string): number;
}

/** Up to so many a list is searched faster than a map, which single rows need not make. */
const fewLevels = 8;

export function openLevels(): Levels {
  const levels: string[] = [];
  let places: Map<string, number> | null = null;
  const known = (text: string) => (places === null ? levels.indexOf(text) : (places.get(text) ?? -1));
  return {
    levels,
    known,
    codeOf(text) {
      const place = known(text);
      if (place >= 0) return place;
      places?.set(text, levels.length);
      levels.push(text);
      if (places === null && levels.length > fewLevels) places = new Map(levels.map((level, at) => [level, at]));
      return levels.length - 1;
    },
  };
}
