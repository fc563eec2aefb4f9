import { createHmac, timingSafeEqual } from "node:crypto";
import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { RefusedRequest } from "../served-model.ts";

/** What a forge sent: headers and the bytes that it signed. */
interface Delivery {
  signature: string | undefined;
  event: string | undefined;
  /** Every delivery has an id of its own. */
  id: string | undefined;
  body: Buffer;
}

/** What became of it: `woken` when the registry is looked at now. */
interface DeliveryOutcome {
  woken: boolean;
  reason: string;
}

/** Takes deliveries. Nothing in one is believed but that it may be time to look at the registry. */
interface Webhook {
  /** Throws RefusedRequest (401) for a signature that is not the forge's. */
  take(delivery: Delivery): DeliveryOutcome;
}

/** So many ids are remembered, so that a delivery that is sent twice is looked after once. */
const mostRemembered = 1000;

/** Events after which production may be another: the push itself, and what deploy jobs send. */
const events = new Set(["push", "repository_dispatch", "deployment"]);

export function openWebhook(options: { secret: string; branch: string; wake(): void }): Webhook {
  const seen = new Set<string>();
  return {
    take(delivery) {
      if (!isSigned(delivery, options.secret))
        throw new RefusedRequest(401, "the signature in X-Hub-Signature-256 is not that of this server's secret");
      const { event = "", id } = delivery;
      if (event === "ping") return { woken: false, reason: "the webhook works" };
      if (!events.has(event))
        return { woken: false, reason: `${event || "an unnamed event"} is nothing to look after` };
      if (event === "push" && !isAbout(delivery.body, options.branch))
        return { woken: false, reason: `the push was not to ${options.branch}` };
      if (id !== undefined && seen.has(id)) return { woken: false, reason: "this delivery was taken before" };
      if (id !== undefined) remember(seen, id);
      options.wake();
      return { woken: true, reason: "looking at the registry" };
    },
  };
}

function isSigned({ signature = "", body }: Delivery, secret: string): boolean {
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function remember(seen: Set<string>, id: string): void {
  const [oldest] = seen;
  if (seen.size >= mostRemembered && oldest !== undefined) seen.delete(oldest);
  seen.add(id.slice(0, 100));
}

/** Whether a push was to the branch; one that does not say so may be. */
function isAbout(body: Buffer, branch: string): boolean {
  try {
    const { ref } = JSON.parse(body.toString("utf8")) as { ref?: unknown };
    return typeof ref !== "string" || ref === `refs/heads/${branch}`;
  } catch {
    return true;
  }
}

/** What is wrong with a body, as Fastify hands it to the error handler. */
interface ValidationError extends Error {
  validation: readonly ErrorObject[];
}

/** Checks bodies against the schemas of their routes. */
interface BodyValidators {
  /** For Fastify's `schemaController`. */
  compile(route: { schema: unknown }): (body: unknown) => true | { error: ValidationError } | Promise<true>;
  /** Compiles them before the first body does. */
  load(): Promise<void>;
}

/**
 * Compiles a schema when the first body comes, or once the server is ready: the compiler is a hundred modules, and would be a
 * tenth of the time until a first model answers.
 */
export function openBodyValidators(): BodyValidators {
  const loads: (() => Promise<unknown>)[] = [];
  return {
    compile({ schema }) {
      let compiled: ValidateFunction | null = null;
      const load = async () => {
        const { Ajv2020 } = await import("ajv/dist/2020.js");
        // Wrong is wrong: nothing that a client sent is changed into something that fits.
        compiled ??= new Ajv2020({ allowUnionTypes: true }).compile(schema as object);
        return compiled;
      };
      loads.push(load);
      return (body) => {
        if (compiled === null) return load().then((validate) => orThrow(checked(validate, body)));
        return checked(compiled, body);
      };
    },
    load: async () => void (await Promise.all(loads.map((load) => load()))),
  };
}

function checked(validate: ValidateFunction, body: unknown): true | { error: ValidationError } {
  if (validate(body)) return true;
  const validation = validate.errors ?? [];
  const words = validation.map(({ instancePath, message }) => `body${instancePath} ${message}`).join(", ");
  return { error: Object.assign(new Error(words), { validation }) };
}

function orThrow(found: true | { error: ValidationError }): true {
  if (found === true) return true;
  throw found.error;
}
