import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/browser/**", "test/peers/**", "test/servers/**", "test/workflows/**"],
    globalSetup: "test/templates.ts",
    setupFiles: ["test/property-seed.ts"],
    pool: "forks",
    experimental: { viteModuleRunner: false }, // Node loads the modules itself, as it does for a command: a fifth of the processor time less
    isolate: false, // a quarter of the processor time was loading the same modules for each file
    maxWorkers: "100%", // the default leaves a core idle, which is half of a small runner
    testTimeout: 180_000, // of a machine that does something else besides; most take milliseconds
    hookTimeout: 180_000,
    restoreMocks: true,
  },
});
