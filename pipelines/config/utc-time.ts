const form = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?Z?)?$/;

/** Milliseconds since 1970 of an ISO date or timestamp in UTC (`2001-01-01`, `2001-01-01T06:30Z`), or null when it is none. */
export function parseUtc(text: string): number | null {
  const match = form.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as Parts;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  return Date.parse(`${text.slice(0, 10)}T00:00:00Z`) + ((hour * 60 + minute) * 60 + second) * 1000 + millis(match[7]);
}

/** Whether a text is a calendar day, without a time. */
export function isUtcDate(text: string): boolean {
  return text.length === 10 && parseUtc(text) !== null;
}

type Parts = [number, number, number, number, number, number];

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

function millis(fraction: string | undefined): number {
  return fraction ? Number(fraction) * 1000 : 0;
}
