import fc from "fast-check";
import { expect, it } from "vitest";
import { readMemory, writeMemory } from "../../../pipelines/watch/notice/decide-notice.ts";

const memory = { model: "delay", version: 2, severity: 3.1, to: "2001-06-10T00:00:00Z", closed: null };

it("comes back from the first line of a body, whatever follows and however lines end", () => {
  const numbers = fc.double({ min: 0, max: 1e6, noNaN: true }).map((each) => each + 0);
  fc.assert(
    fc.property(numbers, fc.string(), fc.constantFrom("\n", "\r\n"), (severity, text, end) => {
      const written = { ...memory, severity };
      expect(readMemory(`${writeMemory(written)}${end}${text}`)).toEqual(written);
    }),
  );
});

it.each([
  ["a quotation", `> ${writeMemory(memory)}`],
  ["text before it", `See this\n${writeMemory(memory)}`],
  ["an empty body", ""],
  ["no JSON", "<!-- mergeml:drift {model -->"],
  ["another type", '<!-- mergeml:drift "delay" -->'],
  ["a version that is none", writeMemory({ ...memory, version: 1.5 })],
  ["a time that is none", writeMemory({ ...memory, to: "soon" })],
  ["a severity that is none", writeMemory({ ...memory, severity: Number.NaN })],
  ["an unknown reason", writeMemory({ ...memory, closed: "bored" as "clean" })],
])("is not read from %s", (_title, body) => {
  expect(readMemory(body)).toBeNull();
});
