import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { canonicalJson, sha256 } from "../config/canonical-json.ts";
import type { RepositoryConfig } from "../config/model-config.ts";
import type { DatasetStore } from "../data/dataset-store.ts";
import { EnvironmentError, UserError } from "../errors/expected-error.ts";
import type { Log } from "../ports/host.ts";
import { privateKeyIn, publicKeyIn } from "../registry/trust/key-text.ts";
import { baseBranch, baseConfig, type Checkout, isUnderReview } from "./base-config.ts";

/** Results of steps in the store, which other machines go on from. Nothing here fails a run: what cannot be had is computed. */
export interface SharedSteps {
  /** The result of a step on these inputs, when somebody left one that may be taken. */
  read(step: string, inputs: unknown): Promise<Uint8Array | null>;
  /** Leaves a result; the datasets that it names are sent before. */
  write(step: string, inputs: unknown, result: Uint8Array, datasets: readonly string[]): Promise<void>;
}

interface Place {
  store: Pick<DatasetStore, "title" | "readStep" | "writeStep" | "shared">;
  rights(): Promise<StepRights | null>;
  log: Log;
}

/** Opens them; rights are looked up when a step is first asked for. */
export function openSharedSteps({ store, rights, log }: Place): SharedSteps {
  let known: Promise<StepRights | null> | undefined;
  const granted = () => (known ??= rights());
  const orWithout = withoutAfterFailure(log);
  return {
    read: (step, inputs) =>
      orWithout(async () => {
        const allowed = await granted();
        if (allowed === null) return null;
        const name = stepName(step, inputs);
        const sealed = await store.readStep(name);
        const result = sealed && openSealedStep(name, sealed, allowed.trusted);
        if (sealed && !result)
          log.warn(
            `${step}: the store has a result that step_cache.public_key does not vouch for; it is not used (${name})`,
          );
        if (result) log.info(`  ${step} was done elsewhere: its result comes from ${store.title}`);
        return result;
      }),
    async write(step, inputs, result, datasets) {
      await orWithout(async () => {
        const own = (await granted())?.own;
        if (!own) return null;
        for (const name of datasets) await store.shared?.push(name);
        const name = stepName(step, inputs);
        await store.writeStep(name, sealStep(name, result, own));
        return null;
      });
    },
  };
}

/** After the first failure there is no store for steps any more: each would wait as long for the same answer. */
function withoutAfterFailure(log: Log): <T>(work: () => Promise<T | null>) => Promise<T | null> {
  let isAway = false;
  return async (work) => {
    if (isAway) return null;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EnvironmentError || error instanceof UserError)) throw error;
      isAway = true;
      log.warn(`steps are neither taken from the store nor left there: ${error.message}`);
      return null;
    }
  };
}

function stepName(step: string, inputs: unknown): string {
  return `step:${sha256(canonicalJson({ step, inputs })).slice("sha256:".length)}`;
}

/** Whose results of steps a job takes, and whether it leaves its own. */
interface StepRights {
  /** Results that its owner sealed are taken. */
  trusted: KeyObject;
  /** Seals what this job leaves; null for one that only takes. */
  own: KeyObject | null;
}

/**
 * What `step_cache` of mergeml.yaml and MERGEML_STEP_KEY amount to in this job; null where it takes and leaves nothing. A pull
 * request's job believes the key that its base branch has, and seals nothing, whatever it was given: what nobody has merged must not
 * become what a deploy goes on from.
 */
export async function stepRights(
  checkout: Checkout,
  { step_cache: written }: Pick<RepositoryConfig, "step_cache">,
  log: Pick<Log, "warn">,
): Promise<StepRights | null> {
  const { env } = checkout;
  if (!isUnderReview(env)) {
    const trusted = publicStepKey(written?.public_key ?? "");
    return trusted && { trusted, own: ownKey(env.MERGEML_STEP_KEY ?? "", trusted, log) };
  }
  const base = written && baseBranch(env);
  const reviewed = base && (await baseConfig(checkout, base))?.step_cache;
  const trusted = reviewed ? publicStepKey(reviewed.public_key) : null;
  return trusted && { trusted, own: null };
}

function ownKey(text: string, trusted: KeyObject, log: Pick<Log, "warn">): KeyObject | null {
  if (text.trim() === "") return null;
  const key = privateStepKey(text.trim());
  if (key && areHalves(key, trusted)) return key;
  log.warn(
    `MERGEML_STEP_KEY is ${key ? "of another pair than step_cache.public_key in mergeml.yaml" : "no private key of Ed25519"}: this run leaves no steps for others; mergeml store key makes a new pair`,
  );
  return null;
}

const head = Buffer.from("mergeml step 1\n");
/** Bytes of an Ed25519 signature. */
const signatureBytes = 64;

/** A result of a step as it lies in a store: signed together with its name, so that it stands for no other inputs. */
export function sealStep(name: string, result: Uint8Array, key: KeyObject): Buffer {
  return Buffer.concat([head, sign(null, signed(name, result), key), result]);
}

/** The result; null unless the owner of the key sealed it under this very name. */
export function openSealedStep(name: string, sealed: Uint8Array, key: KeyObject): Buffer | null {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
  const start = head.length + signatureBytes;
  if (bytes.length < start || !bytes.subarray(0, head.length).equals(head)) return null;
  const result = bytes.subarray(start);
  return verify(null, signed(name, result), key, bytes.subarray(head.length, start)) ? result : null;
}

function signed(name: string, result: Uint8Array): Buffer {
  return Buffer.concat([head, Buffer.from(`${name}\n${sha256(result)}\n`)]);
}

/** The public half as mergeml.yaml has it: DER in base64. null for what is none. */
function publicStepKey(text: string): KeyObject | null {
  return ed25519(publicKeyIn(text));
}

/** The private half as the environment has it: PEM, or DER in base64. null for what is none. */
function privateStepKey(text: string): KeyObject | null {
  return ed25519(privateKeyIn(text));
}

function ed25519(key: KeyObject | null): KeyObject | null {
  return key?.asymmetricKeyType === "ed25519" ? key : null;
}

/** Whether two keys are halves of one. */
export function areHalves(privateKey: KeyObject, publicKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey);
}
