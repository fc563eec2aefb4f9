import { below, type Random } from "../../pipelines/statistics/random.ts";
import { pick, rarely } from "./cases.ts";

/** Values that are wrong in most places, each in another way. */
const values = [
  ..."null;~;[];{};-1;0;-0;1e308;1e400;.nan;-.Inf;''; ;a;true;yes;0x7fffffffffffffff;0o777;9007199254740993".split(";"),
  ..."1_000;1:30:00;2001-13-45;0000-00-00;99999-01-01;'../x';/etc/passwd;'%00';CON;.;100%;-5%;1e5%;7d;1e9d;0d".split(
    ";",
  ),
  ..."3 of 2;0 of 0;1e3 of 1;__proto__;constructor;toString;hasOwnProperty;then;toJSON;length;valueOf".split(";"),
  "{ a: 1, a: 2 }",
  "[{ a: 1, a: 2 }]",
  "{ __proto__: { a: 1 } }",
  "{ constructor: { prototype: { a: 1 } } }",
  "{ toString: 1, valueOf: 2, hasOwnProperty: 3 }",
  "{ then: 1 }",
  "[[[[[1]]]]]",
  "{ a: { b: { c: 1 } } }",
  "[a, a]",
  "[null, 1, {}]",
  "|\n  several\n  lines",
  ">-\n  folded",
  "!!binary aGk=",
  "&a 1",
  "*a",
  "'(a+)+$'",
  "'(?<=x)'",
  "'['",
  "$start",
  "'::error::x'",
  "'<!-- x -->'",
  '"\\0"',
  '"\\uD800"',
  '"\\e[31m"',
  "'\u202egnp.exe'",
  "'\u200b'",
  "'e\u0301'",
];
const keys = [
  ..."__proto__;constructor;prototype;toString;hasOwnProperty;valueOf;<<;then;toJSON;name;'';' ';? [a];1;null;-1;0".split(
    ";",
  ),
  "isPrototypeOf",
  "x".repeat(2000),
  "'\u202e'",
  "features.target",
];
const marks = [
  ..."[]{}:,-?*&!|>'\"%@`#\\~\t\r\n",
  ..."\n  ;: ;- ;---\n;...\n;%YAML 1.1\n;\u0000;\ud800;\ufeff;\u2028;\u0085;é;😀;\u202e".split(";"),
];
const nested = ["[", "{", "- ", "? ", "a: ", "{a: ", "[a: ", "{ a, a: ", " ", "\n a:"];

type Edit = (random: Random, text: string) => string;

/** Writes something else in place of a value or a key. */
function replaced(pattern: RegExp, choices: readonly string[]): Edit {
  return (random, text) => {
    const places = [...text.matchAll(pattern)];
    if (places.length === 0) return text + pick(random, marks);
    const place = pick(random, places);
    const start = place.index + place[1]!.length;
    return text.slice(0, start) + pick(random, choices) + text.slice(start + place[2]!.trimEnd().length);
  };
}

const onLines =
  (edit: (random: Random, lines: string[], at: number) => void): Edit =>
  (random, text) => {
    const lines = text.split("\n");
    edit(random, lines, below(random, lines.length));
    return lines.join("\n");
  };

const at =
  (put: (random: Random) => string, cut: number): Edit =>
  (random, text) => {
    const start = below(random, text.length + 1);
    return text.slice(0, start) + put(random) + text.slice(start + below(random, cut + 1));
  };

const edits: readonly Edit[] = [
  replaced(/(: )([^#\n,{}[\]]+)/g, values),
  replaced(/(: )([^#\n,{}[\]]+)/g, values),
  replaced(/(: )(\{[^{}\n]*\}|\[[^[\]\n]*\])/g, values),
  replaced(/((?:^|[{,] ?|\n *(?:- )?))([a-z_0-9]+)(?=:)/g, keys),
  onLines((random, lines, line) => {
    const indent = /^ */.exec(lines[line]!)![0];
    lines.splice(line, 0, `${indent}${pick(random, keys)}: ${pick(random, values)}`);
  }),
  onLines((random, lines, line) => {
    const other = below(random, lines.length);
    [lines[line], lines[other]] = [lines[other]!, lines[line]!];
  }),
  onLines((random, lines, line) => lines.splice(line, 1, ...(rarely(random, 2) ? [] : [lines[line]!, lines[line]!]))),
  at((random) => pick(random, marks), 3),
  at(() => "", 200),
  at((random) => pick(random, nested).repeat(below(random, 400)), 0),
  at((random) => String.fromCharCode(...Array.from({ length: 8 }, () => below(random, 65_536))), 0),
];

/** One random edit of a YAML text: a value, a key, lines, characters, or deep nesting. */
export function mutateYaml(random: Random, text: string): string {
  return pick(random, edits)(random, text);
}
