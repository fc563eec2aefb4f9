import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Serving } from "../../pipelines/serve.ts";
import { type MalformedRequest, malformedRequest } from "./malformed-requests.ts";
import { type ServedRegistry, servedRegistry } from "./served-registry.ts";

/** `MERGEML_MALFORMED=10000 npx vitest run test/serving/malformed.test.ts` takes longer. */
const runs = Number(process.env.MERGEML_MALFORMED ?? 400);

let registry: ServedRegistry;
let serving: Serving;
beforeAll(async () => {
  registry = await servedRegistry();
  serving = await registry.serve({ limits: { body: 20_000, arrow: 500 } });
});
afterAll(() => registry[Symbol.asyncDispose]());

async function send({ path, headers, body }: MalformedRequest): Promise<{ status: number; answer: string }> {
  const response = await fetch(`${serving.url}${path}`, {
    method: "POST",
    headers,
    body: body as Uint8Array<ArrayBuffer>,
  });
  return { status: response.status, answer: await response.text() };
}

it("whatever is sent is answered, or refused in words", { timeout: 60_000 + runs * 200 }, async () => {
  await fc.assert(
    fc.asyncProperty(malformedRequest, async (request) => {
      const { status, answer } = await send(request);
      expect([200, 400, 404, 413, 415, 422], answer).toContain(status);
      if (status === 200) return;
      const { error } = JSON.parse(answer);
      expect(error).toMatch(/\w{3}/);
      expect(answer.length).toBeLessThan(10_000);
    }),
    { numRuns: runs },
  );
  expect(serving.facts().models[0]?.versions[0]?.failed).toBe(0);
  const { status } = await send({
    path: "/models/rent/predict",
    headers: { "content-type": "application/json" },
    body: Buffer.from('[{"size":1,"city":"a"}]'),
  });
  expect(status).toBe(200);
});
