import { defineConfig } from "vitest/config";

/** Pages in a real Chromium: `npm run test:browser` installs it first. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    globalSetup: "test/templates.ts",
    pool: "forks",
    maxWorkers: 1, // a browser takes both cores for itself
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
