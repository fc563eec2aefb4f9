import { UserError } from "../../errors/user-error.ts";
import type { ProofReply, ProofRequest } from "./prove-apart.ts";
import { proveModel } from "./prove-model.ts";

process.on("message", ({ onnx, rows }: ProofRequest) => {
  proveModel(onnx, rows).then(
    (parity) => reply({ parity }),
    (error: unknown) => reply(failure(error)),
  );
});

function failure(error: unknown): ProofReply {
  if (error instanceof UserError) return { problems: error.problems };
  return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function reply(message: ProofReply): void {
  process.send?.(message, () => process.exit());
}

// Nobody waits any more. An ordinary exit would wait for a graph that has no end.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
