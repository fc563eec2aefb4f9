import { tableFromArrays, tableToIPC } from "@uwdata/flechette";
import { afterAll, expect, it } from "vitest";
import { openArrowReader } from "../../../pipelines/serving/arrow/arrow-reader.ts";
import type { RowSignature } from "../../../pipelines/serving/served-model.ts";

/** 659 bytes in which a length says more than any machine has: a thread that read them ended the whole server, whatever its own limits. */
const claim = [
  "/////8gAAAAQAAAAAAAKAAwACgAJAAQACgAAABAAAAAAAQQACAAIAAAABAAIAAAABAAAAAIAAArWVpgbnGgAAAAUAAAAAAAOABQA",
  "EAAPAA4ACAAEAA4AAAAsAAAAHAAAAAAABQEEAAAABAAAAGNpdHkAAAAABAAEAAQAAAAIABQAAAAEAAgAAAAEAAAAzP///wAAAAEg",
  "AAAADAAQAAwACwAKAAQADAAAACAAAAAAAAIBBAAAAAQAAABzaXplAAAAAAgADAAIAAcACAAAAAAAAAEIAAAA/////6gAAAAUAAAA",
  "AAAAAAwAFAASABEADAAEAAwAAAAYAAAAAAAAABAAAAAAAgQACAAKAAAABAAIAAAAEAAAAAAACgAYAAwACAAEAAoAAAAUAAAASAAA",
  "AAIAAAAAAAAAAAAAAAMAAAAAAAB7J4N2LX0AAAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAABAAAAAAAAAACAAAAAAAAAAAAAAA",
  "AQAAAAIAAAAAAAAAAAAAAAAAAAAAAAAABAAAAAcAAAAAAAAAQm9ublVsbQD/////uAAAABQAAAAAAAAADAAWABQAEwAMAAQADAAA",
  "ACgAAAAAAAAAFAAAAAAAAAMEAAoAGAAMAAgABAAKAAAAFAAAAFgAAAADAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAIAAAAAAAAAAgA",
  "AAAAAAAAAwAAAAAAAAAQAAAAAAAAAAgAAAAAAAAAGAAAAAAAAAAQAAAAAAAAAAAAAAACAAAAAwAAAAAAAAABAAAAAAAAAAMAAAAA",
  "AAAAAQAAAAAAAAADAAAAAAAAAAECAAAAAAAABQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAA/////wAAAAA=",
].join("");
const right = tableToIPC(tableFromArrays({ size: [1, 2], city: ["Bonn", "Ulm"] }), { format: "stream" })!;
const signature = {
  model: "rent",
  features: [
    { name: "size", kind: "number" },
    { name: "city", kind: "category" },
  ],
  key: [],
} as unknown as RowSignature;

const reader = openArrowReader({ milliseconds: 60_000, megabytes: 512 });
afterAll(() => reader[Symbol.asyncDispose]());

it("refuses a few bytes that claim more than there can be, and reads what comes next", async () => {
  const [refused, read] = await Promise.allSettled([
    reader.read(Buffer.from(claim, "base64"), signature),
    reader.read(Buffer.from(right), signature),
  ]);
  expect(refused).toMatchObject({
    reason: { status: 400, message: "the body is no Arrow IPC stream that can be read" },
  });
  expect(read).toMatchObject({ value: { rows: 2 } });
});
