import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTexts, writeTexts } from "../../../pipelines/serving/inference/tensor-data.ts";
import "../../property-seed.ts";

const read = (texts: readonly string[]) => {
  const { codes, levels } = readTexts("city", writeTexts(texts), texts.length);
  return { texts: Array.from(codes, (code) => levels[code]), levels };
};

describe("texts of a binary tensor", () => {
  it("are what was written, each different one once", () => {
    const some = fc.array(fc.oneof(fc.constantFrom("", "Köln", "Ulm", "a\0b", "🚲"), fc.string({ unit: "grapheme" })));
    fc.assert(
      fc.property(some, (texts) => {
        const { texts: back, levels } = read(texts);
        expect(back).toEqual(texts);
        expect(levels).toEqual([...new Set(texts)]);
      }),
    );
  });

  it("are found when there are more different ones than the table of bytes holds", () => {
    const texts = Array.from({ length: 3000 }, (_, row) => `level ${row % 700}`);
    expect(read(texts).texts).toEqual(texts);
  });

  it.each<[string, Uint8Array, number, string]>([
    ["fewer than said", writeTexts(["a", "b"]), 3, "the 10 bytes of the input city are not 3 texts"],
    ["more than said", writeTexts(["a", "b"]), 1, "are not 1 texts"],
    ["cut off", writeTexts(["abc"]).subarray(0, 6), 1, "are not 1 texts"],
    ["billions", writeTexts(["abc"]), 2 ** 31, "are not 2147483648 texts"],
    ["no UTF-8", Buffer.from([1, 0, 0, 0, 97, 1, 0, 0, 0, 255]), 2, "value 2 of the input city is not valid UTF-8"],
  ])("that are %s are refused", (_, bytes, count, message) => {
    expect(() => readTexts("city", bytes, count)).toThrow(message);
  });
});
