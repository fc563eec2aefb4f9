const minus = "−";

/** At least 1,000: whole, with thousands; smaller: `digits` significant digits, trailing zeros dropped. `29.61`, `0.0123`, `1,108,433`. */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "not a number";
  const magnitude = formatMagnitude(Math.abs(value), digits);
  return value < 0 && magnitude !== "0" ? minus + magnitude : magnitude;
}

/** A difference, always with its sign: `+0.41`, `−16.5`, and `0` for none. */
export function formatSigned(value: number, digits = 3): string {
  const text = formatNumber(value, digits);
  return value > 0 && text !== "0" ? `+${text}` : text;
}

/** A share as per cent: 0.027 is `2.7%`. */
export function formatPercent(share: number, digits = 3): string {
  return `${formatNumber(share * 100, digits)}%`;
}

/** A relative change as per cent, always with its sign: 0.027 is `+2.7%`. */
export function formatSignedPercent(share: number, digits = 3): string {
  return `${formatSigned(share * 100, digits)}%`;
}

/** A limit as the user wrote it, not rounded: a limit that reads 35 must be 35. */
export function formatExact(value: number): string {
  return formatNumber(value, 17);
}

/** Two different numbers with as many digits as it takes to tell them apart, so that no sentence says "29.61 must be below 29.61". */
export function formatApart(a: number, b: number): [string, string] {
  for (let digits = 4; digits < 17; digits++) {
    const texts: [string, string] = [formatNumber(a, digits), formatNumber(b, digits)];
    if (texts[0] !== texts[1] || a === b) return texts;
  }
  return [formatExact(a), formatExact(b)];
}

function formatMagnitude(value: number, digits: number): string {
  if (value === Number.POSITIVE_INFINITY) return "∞";
  if (value === 0) return "0";
  // 15 digits print every decimal the user can have written without showing the binary rest of 0.1 + 0.2.
  const rounded = Number(value.toPrecision(Math.min(digits, 15)));
  if (rounded >= 1e15 || rounded < 1e-6) return exponent(value, digits);
  if (rounded < 1000) return String(rounded).includes("e") ? rounded.toFixed(20).replace(/0+$/, "") : String(rounded);
  return grouped(digits <= 4 ? String(Math.round(value)) : String(rounded));
}

function exponent(value: number, digits: number): string {
  const [mantissa, power] = value.toExponential(Math.min(digits, 15) - 1).split("e");
  return `${Number(mantissa)}e${power?.replace("+", "").replace("-", minus)}`;
}

function grouped(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const thousands = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? thousands : `${thousands}.${fraction}`;
}

/** A number of things, whole: `53,940`, whatever the machine's locale. */
export function formatCount(count: number | bigint): string {
  return (typeof count === "number" ? Math.round(count) : count).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 row`, `53,940 rows`. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** At most six significant digits, thousands apart in whole numbers. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return formatCount(value);
  return String(Number(value.toPrecision(6)));
}

/** `≥ 10,000`, `≤ 400`, `in [1, 5]`. */
export function boundsText({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return `in [${numberText(min)}, ${numberText(max)}]`;
  return min !== undefined ? `≥ ${numberText(min)}` : `≤ ${numberText(max ?? Number.NaN)}`;
}

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
