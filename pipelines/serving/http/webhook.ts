import { createHmac, timingSafeEqual } from "node:crypto";
import { RefusedRequest } from "../rows/refused-request.ts";

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
export interface Webhook {
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
