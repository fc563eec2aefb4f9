import { describe, expect, it } from "vitest";
import { describeCommand, gitFailure, redact } from "../../../pipelines/registry/git/failure.ts";

/** What git 2.39 to 2.50 print, and what it means. */
const cases = [
  ["raced", "! 1:refs/heads/registry\t[rejected] (fetch first)\nerror: failed to push some refs"],
  ["raced", "! 1:refs/heads/registry\t[rejected] (non-fast-forward)"],
  [
    "raced",
    "remote: error: cannot lock ref 'refs/heads/registry': is at 6a0b8bd9bd4d0a0d9a0b8bd9bd4d0a0d9a0b8bd9 but expected 7a0b8bd9bd4d0a0d9a0b8bd9bd4d0a0d9a0b8bd9\n ! [remote rejected] 1 -> registry (failed to update ref)",
  ],
  ["raced", "fatal: update_ref failed for ref 'refs/heads/registry': reference already exists"],
  ["locked", "error: cannot lock ref 'refs/heads/x': Unable to create '/r/x.lock': File exists."],
  ["disk-full", "fatal: write error: No space left on device"],
  ["disk-full", "error: unable to write file: Disk quota exceeded"],
  ["auth", "fatal: could not read Username for 'https://example.org': terminal prompts disabled"],
  ["auth", "git@example.org: Permission denied (publickey).\nfatal: Could not read from remote repository."],
  ["auth", "fatal: unable to access 'https://example.org/r/': The requested URL returned error: 403"],
  ["network", "fatal: unable to access 'https://example.org/r/': Could not resolve host: example.org"],
  [
    "network",
    "ssh: connect to host example.org port 22: Connection timed out\nfatal: Could not read from remote repository.",
  ],
  ["network", "error: RPC failed; curl 56 Recv failure\nfatal: the remote end hung up unexpectedly"],
  ["network", "fatal: '/r.git' does not appear to be a git repository"],
  ["read-only", "error: insufficient permission for adding an object to repository database ./objects"],
  ["read-only", "error: cannot lock ref 'x': Unable to create '/r/x.lock': Read-only file system"],
  ["refused", " ! [remote rejected] 1 -> registry (protected branch hook declined)"],
  ["missing-ref", "fatal: couldn't find remote ref refs/heads/registry"],
  ["ownership", "fatal: detected dubious ownership in repository at '/r'"],
  ["not-a-repository", "fatal: not a git repository (or any of the parent directories): .git"],
  ["identity", "fatal: unable to auto-detect email address (got 'ada@host.(none)')"],
  ["signing", "error: gpg failed to sign the data\nfatal: failed to write commit object"],
  ["damaged", "error: object file .git/objects/6a/0b is empty\nfatal: loose object 6a0b is corrupt"],
  ["unknown", "fatal: something new"],
] as const;

describe("a git failure", () => {
  it.each(cases)("is %s: %s", (kind, output) => {
    const error = gitFailure({ args: ["push"], code: 1, output, safe: "Nothing was changed." });
    expect(error).toMatchObject({ kind, tried: "git push", safe: "Nothing was changed." });
  });

  it.each([
    ["network", "fatal: unable to access 'https://example.org/r/': Could not resolve host: example.org"],
    ["auth", "fatal: could not read Username for 'https://example.org': terminal prompts disabled"],
  ])("names the address where a remote has no name: %s", (_kind, output) => {
    const failed = { args: ["ls-remote", "https://ada:s3cret@example.org/r"], code: 128, output, safe: "" };
    const { message } = gitFailure({ ...failed, address: "https://ada:s3cret@example.org/r" });
    expect(message).toMatch(/: git ls-remote https:\/\/example\.org\/r$/);
    expect(gitFailure(failed).message).not.toContain("ls-remote");
  });

  it("of a credential helper that cannot read its file says which", () => {
    const helper = "cat: /run/secrets/registry-token: Permission denied";
    const asked = "fatal: could not read Username for 'https://example.org': terminal prompts disabled";
    const error = gitFailure({ args: ["ls-remote"], code: 128, output: `${helper}\n${asked}\n`, safe: "" });
    expect(error.kind).toBe("auth");
    expect(error.message).toContain(`accept your credentials: ${helper}; could not read Username`);
  });

  it("that no rule knows still says what was tried and what git said", () => {
    const failed = { args: ["fetch", "origin"], code: 128, output: "fatal: something new\nhint: advice\n", safe: "" };
    expect(gitFailure(failed).message).toBe("git fetch origin failed (exit code 128): something new");
  });
});

describe("redact", () => {
  it.each([
    ["https://ada:s3cret@example.org/r.git", "https://example.org/r.git"],
    ["fatal: https://ghp_0123456789abcdef@example.org", "fatal: https://example.org"],
    ["token ghs_0123456789abcdefghij leaked", "token *** leaked"],
    ["AUTHORIZATION: basic eDpzM2NyZXQ=", "AUTHORIZATION: basic ***"],
    ["git@example.org:r.git is an address", "git@example.org:r.git is an address"],
  ])("%s", (text, safe) => {
    expect(redact(text)).toBe(safe);
  });

  it("hides a long credential of a command that is cut", () => {
    const address = `https://ada:${"s3cret".repeat(60)}@example.org/r.git`;
    expect(describeCommand(["ls-remote", address])).toBe("git ls-remote https://example.org/r.git");
  });
});
