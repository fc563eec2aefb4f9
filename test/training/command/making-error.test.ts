import { expect, it } from "vitest";
import { UserError } from "../../../pipelines/errors/expected-error.ts";
import { makingError } from "../../../pipelines/training/command/packages/making-error.ts";

const failed = (said: string[]) =>
  makingError({ end: { state: "exited", code: 1 }, command: ["Rscript"], said, lock: "rent/renv.lock", minutes: 30 });

it("a version that renv's repositories lack is the lock's fault, and says how to mend it", () => {
  const words = [
    "could not resolve dependencies for a 9.9.9",
    "- [a]: failed to find source for 'a 9.9.9' in package repositories",
  ];
  const error = failed(words);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).problems[0]?.hint).toContain("renv::snapshot()");
});

it.each([
  "error downloading 'http://127.0.0.1:9/src/contrib/PACKAGES' [error code 7]",
  "curl: (6) Could not resolve host: cran.example.org",
])("a repository that is away is nobody's fault: %s", (line) => {
  expect(failed([line])).toMatchObject({
    name: "EnvironmentError",
    safe: expect.stringContaining("nothing half-made"),
  });
});
