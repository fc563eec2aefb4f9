import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { post, type ServedRegistry, servedRegistry } from "./served-registry.ts";

let registry: ServedRegistry;
beforeAll(async () => {
  registry = await servedRegistry();
});
afterAll(() => registry[Symbol.asyncDispose]());

const rows = [{ size: 5, city: "Ulm" }];

describe("a server is reached", () => {
  it("by IPv6, and says its address as it is typed", async () => {
    const { url } = await registry.serve({ host: "::1" });
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await post(`${url}/models/rent/predict`, rows)).body.predictions).toEqual([105]);
  });

  it("below a path, by a proxy that takes it away", async () => {
    const { port } = new URL((await registry.serve()).url);
    const proxy = createServer((request, response) => {
      const path = (request.url ?? "").replace(/^\/models-of-acme\//, "/");
      const { method, headers } = request;
      const asked = httpRequest({ port, host: "127.0.0.1", path, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      request.pipe(asked);
    });
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    const base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/models-of-acme/`;
    expect((await post(`${base}models/rent/predict`, rows)).body.predictions).toEqual([105]);
    const page = await (await fetch(base)).text();
    expect(page).toContain("rent");
    expect(page.match(/(?:href|src|action)="\/[^"]*"/g)).toBeNull();
    const api = (await (await fetch(`${base}openapi.json`)).json()) as { servers: { url: string }[] };
    expect(new URL(api.servers[0]!.url, `${base}openapi.json`).href).toBe(base);
    proxy.closeAllConnections();
    proxy.close();
  });
});
