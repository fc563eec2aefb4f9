import { enableCompileCache } from "node:module";

enableCompileCache(); // stored beside the system's temporary files: a second start skips stripping and compiling

const { main } = await import("./cli/main.ts");
process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  directory: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
});
