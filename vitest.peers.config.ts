import { defineConfig } from "vitest/config";

/** Tests beside real peers from PyPI; `npm run test:peers` sets up their virtual environment first. */
export default defineConfig({
  test: {
    include: ["test/peers/**/*.test.ts"],
    globalSetup: ["test/templates.ts", "test/peers/virtual-environment.ts"],
    pool: "forks",
    experimental: { viteModuleRunner: false }, // Node loads the modules itself, as it does for a command: a fifth of the processor time less
    isolate: false, // a quarter of the processor time was loading the same modules for each file
    maxWorkers: 2, // much of it waits for pip and for servers
    testTimeout: 300_000,
    hookTimeout: 1_200_000,
  },
});
