import { visibleText } from "../errors/inert-markdown.ts";

const longestKey = 250;

/**
 * A key that MLflow takes for a metric, param or tag: letters, digits, `_ - . : /` and spaces, and no path that would resolve to
 * another. Slashes stay, as MLflow groups by them.
 */
export function mlflowKey(text: string): string {
  const legal = text.replace(/[^\p{L}\p{N}_/.\- :]/gu, "_");
  const parts = legal.split("/").map((part) => (/^\.*$/.test(part) ? `_${part.replaceAll(".", "_")}` : part));
  return firstCharacters(parts.join("/").replace(/^\.\./, "__"), longestKey).replace(/\/$/, "_");
}

function firstCharacters(text: string, count: number): string {
  return text.length <= count ? text : [...text].slice(0, count).join("");
}

/** Keys as MLflow takes them; of those that become equal, the later ones get a number. */
export function uniqueKeys<T>(entries: Iterable<readonly [string, T]>): Map<string, T> {
  const unique = new Map<string, T>();
  for (const [text, value] of entries) {
    const key = mlflowKey(text);
    let free = key;
    for (let n = 2; unique.has(free); n += 1) free = `${firstCharacters(key, longestKey - 8)}_${n}`;
    unique.set(free, value);
  }
  return unique;
}

/** A value that fits: MLflow keeps at most 6,000 characters of a param and 8,000 of a run's tag, and its databases no NUL. */
export function mlflowValue(value: string, longest = 6000): string {
  const text = visibleText(value);
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
