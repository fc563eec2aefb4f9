import { createPublicKey, type KeyObject, sign } from "node:crypto";
import { isFromActions, readIdentityToken } from "../../data/object-storage/credentials.ts";
import { EnvironmentError, UserError } from "../../errors/expected-error.ts";
import type { Clock, Environment, Log } from "../../ports/host.ts";
import { algorithmOf, preAuthentication } from "./check-bundle.ts";
import { keyName, privateKeyIn } from "./key-text.ts";
import type { TrustPolicy } from "./trust-policy.ts";
import { payloadType, type Statement } from "./verdict-statement.ts";

/** Signs what this machine states. */
export interface StatementSigner {
  /** In words: `the key sha256:ab12…`, `this job's identity`. */
  readonly title: string;
  /** A Sigstore bundle (v0.3) as a file holds it. Throws EnvironmentError when a service is away for so many seconds, four minutes by default. */
  sign(statement: Statement, patience?: number): Promise<Uint8Array>;
}

/** What signing depends on, and how long a service that is away is waited for. */
export interface SigningPlace {
  env: Environment;
  clock: Clock;
  log: Log;
  /** Between attempts; seconds. */
  sleep(seconds: number): Promise<unknown>;
}

/** A service is asked again for so long, and each request waits so long for its answer; seconds. */
const [usualPatience, oneRequest] = [240, 20];
const [firstWait, longestWait] = [2, 30];

/** Signs with MERGEML_SIGNING_KEY, else by the identity that GitHub or SIGSTORE_ID_TOKEN gives; null where there is neither. */
export function openStatementSigner(
  policy: Pick<TrustPolicy, "sigstore">,
  place: SigningPlace,
): StatementSigner | null {
  const { env } = place;
  const text = env.MERGEML_SIGNING_KEY?.trim();
  if (text) return keyStatementSigner(readKey(text));
  if (!isFromActions(env) && !env.SIGSTORE_ID_TOKEN) return null;
  return {
    title: isFromActions(env) ? "this job's identity" : "the identity of SIGSTORE_ID_TOKEN",
    sign: (statement, patience = usualPatience) =>
      untilSigned(place, patience, () => signKeyless(policy, place, statement)),
  };
}

function readKey(text: string): KeyObject {
  const key = privateKeyIn(text);
  if (key) return key;
  throw new UserError({
    message: "MERGEML_SIGNING_KEY is no private key of Ed25519 or ECDSA P-256",
    hint: "give the text of a PEM file, or its DER in base64; mergeml trust key makes a pair",
  });
}

/** Signs with a private key, without a service, a certificate or a log. */
export function keyStatementSigner(key: KeyObject): StatementSigner {
  const name = keyName(createPublicKey(key));
  return {
    title: `the key ${name.slice(0, "sha256:".length + 12)}`,
    sign: async (statement) => {
      const payload = Buffer.from(JSON.stringify(statement));
      const sig = sign(algorithmOf(key), preAuthentication(payload), key);
      const bundle = {
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: {
          publicKey: { hint: name },
          tlogEntries: [],
          timestampVerificationData: { rfc3161Timestamps: [] },
        },
        dsseEnvelope: {
          payload: payload.toString("base64"),
          payloadType,
          signatures: [{ sig: sig.toString("base64"), keyid: "" }],
        },
      };
      return writeBundle(bundle);
    },
  };
}

function writeBundle(bundle: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(bundle)}\n`);
}

async function signKeyless(
  { sigstore }: Pick<TrustPolicy, "sigstore">,
  { env, clock }: SigningPlace,
  statement: Statement,
): Promise<Uint8Array> {
  const { DSSEBundleBuilder, FulcioSigner, RekorWitness, TSAWitness } = await import("@sigstore/sign");
  const { bundleToJSON } = await import("@sigstore/bundle");
  const limits = { timeout: oneRequest * 1000, retry: 0 };
  const getToken = async () =>
    isFromActions(env) ? readIdentityToken(env, "sigstore", clock) : (env.SIGSTORE_ID_TOKEN ?? "");
  const signer = new FulcioSigner({ ...limits, fulcioBaseURL: sigstore.fulcio, identityProvider: { getToken } });
  const { rekor, timestamp } = sigstore;
  const witnesses = [
    ...(rekor === undefined ? [] : [new RekorWitness({ ...limits, rekorBaseURL: rekor, entryType: "dsse" })]),
    ...(timestamp === undefined ? [] : [new TSAWitness({ ...limits, tsaBaseURL: timestamp })]),
  ];
  const builder = new DSSEBundleBuilder({ signer, witnesses });
  const bundle = await builder.create({ data: Buffer.from(JSON.stringify(statement)), type: payloadType });
  return writeBundle(bundleToJSON(bundle));
}

/** A service that is away comes back: the same is asked again, for some minutes at most. What it refuses is not asked again. */
async function untilSigned(
  { clock, log, sleep }: SigningPlace,
  patience: number,
  attempt: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const started = clock.now().getTime();
  for (let round = 0; ; round += 1) {
    try {
      return await attempt();
    } catch (error) {
      const wait = Math.min(longestWait, firstWait * 2 ** round);
      const waited = (clock.now().getTime() - started) / 1000;
      if (isRefusal(error) || waited + wait > patience) throw notSigned(error, waited);
      log.warn(`signing failed (${reasonOf(error)}); it is tried again in ${wait} s`);
      await sleep(wait);
    }
  }
}

function isRefusal(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const status = (inner as { statusCode?: unknown; status?: unknown }).statusCode;
    if (typeof status === "number") return status >= 400 && status < 500 && status !== 408 && status !== 429;
    if (inner instanceof UserError || (inner as { code?: unknown }).code === "IDENTITY_TOKEN_PARSE_ERROR") return true;
  }
  return false;
}

/** What the services' own client says wraps what happened; an identity token must not be told. */
function reasonOf(error: unknown): string {
  const messages: string[] = [];
  for (let inner = error; inner instanceof Error; inner = inner.cause)
    messages.push(
      (inner as { code?: unknown }).code === "IDENTITY_TOKEN_PARSE_ERROR" ? "no identity token" : inner.message,
    );
  return [...new Set(messages)].join(": ").replace(/eyJ[\w.-]+/g, "…") || String(error);
}

function notSigned(error: unknown, waited: number): EnvironmentError {
  const after = waited < 1 ? "" : ` after ${Math.round(waited)} s`;
  return new EnvironmentError(
    `the statement could not be signed${after}: ${reasonOf(error)}`,
    {
      tried: "to get a certificate for this job's identity and to have the signature logged",
      safe: "nothing was registered or promoted; running the same again is safe",
    },
    { cause: error },
  );
}
