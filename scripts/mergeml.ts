import { enableCompileCache } from "node:module";

enableCompileCache(); // stored beside the system's temporary files: a second start skips stripping and compiling

// Who reads a pipe may leave before the end, as head does; the work and its exit code stay what they are.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const { main } = await import("./cli/main.ts");
process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  directory: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
});
