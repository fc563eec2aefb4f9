import { flushCompileCache } from "node:module";
import { carryError } from "../../errors/carried-error.ts";
import type { ProcessReply } from "./watched-process.ts";

/** Makes this process one that a `WatchedProcess` asks. When nobody can ask any more it ends at once, whatever it is doing. */
export function serveRequests<Request>(answer: (request: Request) => Promise<unknown>): void {
  process.on("message", (request: Request) => {
    answer(request).then(
      (found) => reply({ answer: found }),
      (error: unknown) => reply({ error: carryError(error) }),
    );
  });
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  reply({ ready: true });
}

function reply(message: ProcessReply): void {
  process.send?.(message);
  flushCompileCache(); // it will be killed, and what was compiled is written at an ordinary end only
}
