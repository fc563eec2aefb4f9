const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/**
 * How long ago an ISO time was, in the largest unit that fits: `2 days ago`, `just now` under a minute (and when the
 * clocks disagree and it lies ahead). A text that is no time comes back as it is.
 */
export function humaniseAge(from: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(from)) / 1000;
  if (Number.isNaN(seconds)) return from;
  const unit = UNITS.find(([, length]) => seconds >= length);
  if (!unit) return "just now";
  const count = Math.floor(seconds / unit[1]);
  return `${count} ${unit[0]}${count === 1 ? "" : "s"} ago`;
}
