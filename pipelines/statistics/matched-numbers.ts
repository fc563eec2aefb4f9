import { formatNumber } from "./format-number.ts";

/** Writes the numbers of one comparison alike. null and numbers that are not finite are an empty text. */
export interface MatchedNumbers {
  value(number: number | null): string;
  /** With its sign, for differences. */
  signed(number: number | null): string;
}

const SIGNIFICANT = 4;
const MOST_DECIMALS = 9;

/**
 * As many decimals for all as four significant digits of the largest of `values` take (548.2 → 531.7), and more when
 * the smallest of `differences` would show no digit, so that 29.61 → 29.61 is never called better.
 */
export function matchNumbers(
  values: readonly (number | null | undefined)[],
  differences: readonly (number | null | undefined)[] = [],
): MatchedNumbers {
  const size = finite(values).reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return loose;
  const base = size === 0 ? 2 : Math.max(0, SIGNIFICANT - 1 - magnitude(size));
  const least = finite(differences).reduce(
    (less, each) => (each === 0 ? less : Math.min(less, Math.abs(each))),
    Infinity,
  );
  const needed = least === Infinity ? 0 : -magnitude(least);
  const decimals = Math.min(MOST_DECIMALS, Math.max(base, Math.min(needed, base + 3)));
  return { value: (number) => fixed(number, decimals), signed: (number) => withSign(number, fixed(number, decimals)) };
}

const loose: MatchedNumbers = {
  value: (number) => (isNumber(number) ? formatNumber(number) : ""),
  signed: (number) => (isNumber(number) ? withSign(number, formatNumber(number)) : ""),
};

function finite(numbers: readonly (number | null | undefined)[]): number[] {
  return numbers.filter(isNumber);
}

function isNumber(number: number | null | undefined): number is number {
  return typeof number === "number" && Number.isFinite(number);
}

/** The power of ten of the first digit: 2 for 548.2. */
function magnitude(number: number): number {
  return Math.floor(Math.log10(number));
}

function fixed(number: number | null, decimals: number): string {
  if (!isNumber(number)) return "";
  const [whole, fraction] = Math.abs(number).toFixed(decimals).split(".");
  const digits = whole!.replace(/\B(?=(\d{3})+$)/g, ",") + (fraction ? `.${fraction}` : "");
  return number < 0 && /[1-9]/.test(digits) ? `−${digits}` : digits;
}

function withSign(number: number | null, text: string): string {
  return isNumber(number) && number > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}
