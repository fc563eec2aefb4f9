import { createVerify, generateKeyPairSync } from "node:crypto";
import { expect, it } from "vitest";
import { appToken } from "../../../actions/shared/github/app-token.ts";

const now = new Date("2026-03-01T12:00:00Z");
const place = { apiUrl: "https://api.example.org", owner: "octo", repo: "models" };
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = privateKey.export({ type: "pkcs1", format: "pem" }).toString();

it("asks for a token of the app's installation, for this repository alone, with a signed claim that soon ends", async () => {
  const asked: { url: string; method: string; body: string; jwt: string }[] = [];
  const answers = [{ id: 42 }, { token: "ghs_app" }];
  const ask = (async (url, { method = "", headers, body } = {}) => {
    const { authorization } = headers as Record<string, string>;
    asked.push({ url: `${url}`, method, body: `${body ?? ""}`, jwt: authorization?.replace("Bearer ", "") ?? "" });
    return new Response(JSON.stringify(answers.shift()), { status: 201 });
  }) as typeof fetch;
  expect(await appToken({ id: "7", key }, place, { clock: { now: () => now }, fetch: ask })).toBe("ghs_app");
  expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
    ["GET", "https://api.example.org/repos/octo/models/installation", ""],
    ["POST", "https://api.example.org/app/installations/42/access_tokens", '{"repositories":["models"]}'],
  ]);
  const [header = "", claim = "", signature = ""] = asked[0]?.jwt.split(".") ?? [];
  expect(JSON.parse(`${Buffer.from(claim, "base64url")}`)).toEqual({ iat: 1772366340, exp: 1772366940, iss: "7" });
  expect(createVerify("RSA-SHA256").update(`${header}.${claim}`).verify(publicKey, signature, "base64url")).toBe(true);
});

it("says what is wrong with the app, and never its key", async () => {
  const refusing = (async () => new Response("{}", { status: 404 })) as typeof fetch;
  const options = { clock: { now: () => now }, fetch: refusing };
  await expect(appToken({ id: "7", key }, place, options)).rejects.toThrow(
    "the GitHub App 7 gives no token: 404 to GET",
  );
  const error = await appToken({ id: "7", key: "s3cret" }, place, options).catch((thrown: unknown) => thrown);
  expect(`${error}`).toContain("no private key in PEM");
  expect(JSON.stringify(error) + String(error)).not.toContain("s3cret");
});
