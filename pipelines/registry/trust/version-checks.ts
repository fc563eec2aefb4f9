import { availableParallelism } from "node:os";
import { UserError } from "../../errors/expected-error.ts";
import { type BundleThreads, startBundleThreads } from "./bundle-threads.ts";
import { checkBundle, type SignedStatement } from "./check-bundle.ts";
import type { RegistryTrust, TrustPolicy } from "./trust-policy.ts";
import { requireTrusted, type SignedVersion } from "./trusted-version.ts";

/** Who vouches for a version; null where nobody must, an error where nobody does who should. */
export type Vouched = SignedStatement | UserError | null;

/** Checks the signatures of many versions, beside whoever reads them. */
export interface VersionChecks extends AsyncDisposable {
  /** Whether a version that nobody vouches for is refused. */
  required: boolean;
  check(version: SignedVersion): Promise<Vouched>;
  /** Comes when few enough are being checked that another may be read. */
  room(): Promise<void>;
}

/** From so many signatures by certificates on, each some milliseconds, threads are worth their start. */
const worthThreads = 100;
/** More threads than these wait for git. */
const mostThreads = 8;
const mostWaiting = 500;

/** For about `count` versions, as `trust` wants them signed; of nobody, where it wants nobody. */
export async function openVersionChecks(
  trust: Pick<RegistryTrust, "policy"> | undefined,
  count: number,
): Promise<VersionChecks> {
  // What is wrong with the policy is told of every version.
  const policy = await orUserError(async () => (await trust?.policy()) ?? null);
  const threads = policy instanceof UserError ? null : await threadsFor(policy, count);
  const waiting = new Set<Promise<Vouched>>();
  return {
    required: policy instanceof UserError || policy?.required === true,
    check(version) {
      if (policy === null || policy instanceof UserError) return Promise.resolve(policy);
      const check = (content: Uint8Array | null, what: string) =>
        content === null || threads === null ? checkBundle(policy, content, what) : threads.check(content, what);
      const found = orUserError(() => requireTrusted(policy, version, check));
      waiting.add(found);
      const done = () => waiting.delete(found);
      found.then(done, done);
      return found;
    },
    async room() {
      while (waiting.size >= mostWaiting) await Promise.race(waiting);
    },
    [Symbol.asyncDispose]: async () => threads?.[Symbol.asyncDispose](),
  };
}

/** A signature by a key alone takes no longer than handing it to a thread. */
async function threadsFor(policy: TrustPolicy | null, count: number): Promise<BundleThreads | null> {
  const threads = Math.min(mostThreads, availableParallelism());
  if (policy === null || count < worthThreads || threads < 2) return null;
  if (policy.signers.every(({ kind }) => kind === "key")) return null;
  const { material: _, root: readRoot, ...rest } = policy;
  const root = await orUserError(readRoot);
  return root instanceof UserError ? null : startBundleThreads({ ...rest, root }, threads);
}

async function orUserError<Found>(find: () => Promise<Found>): Promise<Found | UserError> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}
