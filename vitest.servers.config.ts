import { defineConfig } from "vitest/config";

/** Tests beside real servers that data live on; `scripts/install-servers.sh` installs what they need first. */
export default defineConfig({
  test: {
    include: ["test/servers/**/*.test.ts"],
    globalSetup: "test/templates.ts",
    setupFiles: ["test/property-seed.ts"],
    pool: "forks",
    experimental: { viteModuleRunner: false }, // Node loads the modules itself, as it does for a command: a fifth of the processor time less
    isolate: false, // a quarter of the processor time was loading the same modules for each file
    maxWorkers: 2,
    testTimeout: 600_000, // Spark's, on a core shared with other tests; most take seconds
    hookTimeout: 600_000,
  },
});
