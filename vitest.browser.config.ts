import { defineConfig } from "vitest/config";

/** Pages in a real Chromium: `npm run test:browser` installs it first. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    globalSetup: "test/templates.ts",
    pool: "forks",
    experimental: { viteModuleRunner: false }, // Node loads the modules itself, as it does for a command: a fifth of the processor time less
    maxWorkers: 1, // a browser takes both cores for itself
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
