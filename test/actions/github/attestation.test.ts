import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { approvingReviews, environmentApprovals } from "../../../actions/shared/github/approvals.ts";
import { postAttestation } from "../../../actions/shared/github/attestation.ts";
import { openGitHub } from "../../../actions/shared/github/client.ts";
import type { GitHubContext } from "../../../actions/shared/github/context.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";

/** The three answers of GitHub's API that signing needs, in the shape of its documentation. */
async function githubWith(answers: Record<string, unknown>) {
  const asked: { path: string; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      const path = `${request.method} ${(request.url ?? "").split("?")[0]}`;
      asked.push({ path, body });
      const answer = answers[path];
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? {}));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = { apiUrl, owner: "acme", repo: "models" } as unknown as GitHubContext;
  const github = await openGitHub({ context, token: "t", log: silentLog, paced: false });
  return { github: { ...github, owner: "acme", repo: "models" }, asked };
}

it("gives GitHub the bundle as it is", async () => {
  const { github, asked } = await githubWith({ "POST /repos/acme/models/attestations": { id: 7 } });
  await postAttestation(github, Buffer.from('{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}'));
  expect(JSON.parse(asked[0]!.body)).toEqual({
    bundle: { mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json" },
  });
});

it("tells reviews that stand, and who approved the environment", async () => {
  const review = (login: string, state: string) => ({ user: { login }, state });
  const { github } = await githubWith({
    "GET /repos/acme/models/pulls/12/reviews": [
      review("ada", "APPROVED"),
      review("bob", "APPROVED"),
      review("bob", "DISMISSED"),
      review("ada", "COMMENTED"),
    ],
    "GET /repos/acme/models/actions/runs/17/approvals": [
      { state: "approved", user: { login: "eve" }, environments: [{ name: "production" }] },
      { state: "rejected", user: { login: "mal" }, environments: [{ name: "production" }] },
    ],
  });
  expect(await approvingReviews(github, 12)).toEqual(["@ada reviewed #12"]);
  expect(await environmentApprovals(github, 17)).toEqual(["@eve approved production"]);
});
