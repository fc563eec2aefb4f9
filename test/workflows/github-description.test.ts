import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { descriptionFile, fetchDescription } from "../github/openapi/fetch-description.ts";

it("holds requests and answers against GitHub's description of its API as it was published", async () => {
  expect(readFileSync(descriptionFile, "utf8")).toBe(await fetchDescription());
});
