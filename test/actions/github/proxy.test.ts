import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const program = `
  const { openGitHub } = await import("./actions/shared/github/client.ts");
  const context = { apiUrl: process.env.GITHUB_API_URL, owner: "octo", repo: "models" };
  const log = { info() {} };
  const { octokit } = await openGitHub({ context, token: "secret", log, sleep: async () => {}, paced: false });
  await octokit.rest.meta.root().catch(() => {});
`;

test("requests go through the proxy of the runner", async () => {
  const asked: string[] = [];
  const proxy = createServer().on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const { port } = proxy.address() as AddressInfo;
  try {
    const env = {
      PATH: process.env.PATH,
      GITHUB_API_URL: "https://github.test/api",
      https_proxy: `http://127.0.0.1:${port}`,
    };
    const options = { env, cwd: `${import.meta.dirname}/../../..`, timeout: 30_000 };
    await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], options);
  } finally {
    proxy.close();
  }
  expect(asked).toEqual(Array.from({ length: 3 }, () => "github.test:443"));
});
