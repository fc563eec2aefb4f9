import { defineConfig } from "vitest/config";

/** The workflows as they ship, under act: `npm run test:workflows` installs what they need first. */
export default defineConfig({
  test: {
    include: ["test/workflows/**/*.test.ts"],
    globalSetup: ["test/workflows/tools.ts"],
    pool: "forks",
    experimental: { viteModuleRunner: false }, // Node loads the modules itself, as it does for a command: a fifth of the processor time less
    maxWorkers: 2, // act waits for disks and processes about as long as it works
    testTimeout: 900_000,
    hookTimeout: 600_000,
  },
});
