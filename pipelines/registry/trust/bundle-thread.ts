import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "../../errors/expected-error.ts";
import type { BundleAnswer, BundleRequest, ThreadPolicy } from "./bundle-threads.ts";
import { checkBundle } from "./check-bundle.ts";
import { withMaterial } from "./trust-policy.ts";
import { UntrustedError } from "./untrusted-error.ts";

const port = parentPort;
if (!port) throw new Error("This is a thread that checks bundles; it is started by bundle-threads.ts.");
// Reading a certificate tries things and gives them up, and nobody reads where it did: a trace is a tenth of the work.
Error.stackTraceLimit = 0;
const { root, ...rest } = workerData as ThreadPolicy;
const policy = { ...rest, ...withMaterial(async () => root) };

async function answer({ id, what, content }: BundleRequest): Promise<BundleAnswer> {
  try {
    return { id, signed: await checkBundle(policy, content, what) };
  } catch (error) {
    if (error instanceof UntrustedError) return { id, doubt: error.doubt };
    if (error instanceof UserError) return { id, problems: error.problems };
    return { id, bug: String(error) };
  }
}

port.on("message", async (request: BundleRequest) => port.postMessage(await answer(request)));
