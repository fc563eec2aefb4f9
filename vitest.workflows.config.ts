import { defineConfig } from "vitest/config";

/**
 * The workflows as they ship, under act, and the GitHub client again with every request and answer held against GitHub's own
 * description of its API: `npm run test:workflows` installs what they need first.
 */
export default defineConfig({
  test: {
    include: ["test/workflows/**/*.test.ts", "test/actions/**/*.test.ts", "test/github/*.test.ts"],
    exclude: ["test/actions/{plan,report-entries,setup,superseded}.test.ts"], // they ask GitHub nothing
    globalSetup: ["test/workflows/tools.ts", "test/github/openapi/fetch-description.ts"],
    pool: "forks",
    maxWorkers: 2, // act waits for disks and processes about as long as it works
    testTimeout: 900_000,
    hookTimeout: 600_000,
  },
});
