import { below, type Random } from "../../pipelines/statistics/random.ts";
import { pick, rarely } from "./cases.ts";

const values: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e308, 2 ** 53, "", " ", "a", "\u0000", "\u202e", "\ud800", "__proto__", "../x", "NaN"],
  ...[[], {}, [[]], [null], { a: 1 }, { __proto__: null }, { toString: 1 }, { length: -1 }],
];

/** One random edit of a JSON value: a member becomes something else, goes, is doubled, renamed or nested. */
export function mutateJson(random: Random, value: unknown): unknown {
  if (typeof value !== "object" || value === null || rarely(random, 8)) return replaced(random, value);
  const keys = Object.keys(value);
  if (keys.length === 0) return replaced(random, value);
  const key = pick(random, keys);
  const inner = (value as Record<string, unknown>)[key];
  if (Array.isArray(value)) {
    const rest = value.filter((_, at) => `${at}` !== key);
    if (rarely(random, 12)) return rest;
    if (rarely(random, 12)) return [...value, inner];
    return value.map((item, at) => (`${at}` === key ? mutateJson(random, item) : item));
  }
  const { [key]: _, ...others } = value as Record<string, unknown>;
  if (rarely(random, 12)) return others;
  if (rarely(random, 20)) return { ...others, [pick(random, ["x", "constructor", "toString", `${key} `])]: inner };
  return { ...others, [key]: mutateJson(random, inner) };
}

function replaced(random: Random, value: unknown): unknown {
  if (!rarely(random, 25)) return pick(random, values);
  let nested = value;
  for (let levels = below(random, 300); levels > 0; levels--) nested = [nested];
  return nested;
}

/** Characters of a text put in, taken out or doubled. */
export function mutateText(random: Random, text: string): string {
  const at = below(random, text.length + 1);
  const put = pick(random, [
    "",
    "{",
    "[",
    "}",
    "]",
    ",",
    '"',
    "\\",
    "\u0000",
    "<<<<<<< HEAD\n",
    "[".repeat(100_000),
    "1e999",
  ]);
  return text.slice(0, at) + put + text.slice(at + below(random, 20));
}
