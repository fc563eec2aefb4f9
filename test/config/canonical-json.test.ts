import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalJson } from "../../pipelines/config/canonical-json.ts";

it("is the same text for equal values, whatever the order of their keys, and says all of them", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(turned(value))).toBe(text);
    }),
  );
});

it("orders keys by UTF-16 code unit, those that look like numbers too, and leaves out what is undefined", () => {
  const value = { b: [1, undefined, { z: "\u2028\n", a: -0 }], "10": null, "9": true, a: undefined, é: 1e21, "": [] };
  expect(canonicalJson(value)).toBe('{"":[],"10":null,"9":true,"b":[1,null,{"a":0,"z":"\u2028\\n"}],"é":1e+21}');
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("refuses %s", (value) => {
  expect(() => canonicalJson({ loss: [value] })).toThrow(`${value} has no JSON form`);
});

function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, turned(member)]),
  );
}
