import { describe, expect, it } from "vitest";
import { readComment, upsertComment } from "../../../actions/shared/github/comment.ts";
import { type FaultyGitHub, startFaultyGitHub } from "./faulty-github.ts";

const issue = "/repos/octo/models/issues";
const marker = "<!-- mergeml:report -->";
const sticky = { pullRequest: 1, marker, body: () => "It can ship.", elsewhere: "The run has everything." };

interface Comment {
  id: number;
  body: string;
  user: { login: string };
}

async function startWithPullRequest(): Promise<FaultyGitHub> {
  const faulty = await startFaultyGitHub();
  await faulty.server.ask("POST", issue, { title: "A better model" });
  return faulty;
}

const write = ({ server }: FaultyGitHub, body: string, who?: "visitor") =>
  server.ask<Comment>("POST", `${issue}/1/comments`, { body }, who);
const comments = ({ server }: FaultyGitHub) => server.ask<Comment[]>("GET", `${issue}/1/comments?per_page=100`);
const writes = (faulty: FaultyGitHub) => faulty.asked("/comments").filter((each) => !each.startsWith("GET"));

describe("the comment", () => {
  it("is created, left alone, and brought up to date in place", async () => {
    await using faulty = await startWithPullRequest();
    expect(await upsertComment(faulty.github, sticky)).toBe("created");
    expect(await upsertComment(faulty.github, sticky)).toBe("unchanged");
    expect(writes(faulty)).toEqual(["POST 201"]);
    expect(await upsertComment(faulty.github, { ...sticky, body: () => "It is blocked." })).toBe("updated");
    expect(await comments(faulty)).toMatchObject([
      { body: `${marker}\nIt is blocked.`, user: { login: "github-actions[bot]" } },
    ]);
    expect(await readComment(faulty.github, 1, marker)).toBe(`${marker}\nIt is blocked.`);
  });

  it("is an app's own where the token is an app's, and is never another bot's", async () => {
    await using faulty = await startWithPullRequest();
    expect(await upsertComment(faulty.github, sticky)).toBe("created");
    const app = await faulty.open({ token: faulty.server.appToken });
    expect(await upsertComment(app, sticky)).toBe("created");
    expect(await upsertComment(app, { ...sticky, body: () => "It is blocked." })).toBe("updated");
    expect(await comments(faulty)).toMatchObject([
      { body: `${marker}\nIt can ship.`, user: { login: "github-actions[bot]" } },
      { body: `${marker}\nIt is blocked.`, user: { login: "our-app[bot]" } },
    ]);
  });

  it("is left alone when only what is no news differs", async () => {
    await using faulty = await startWithPullRequest();
    const timed = (seconds: string) => ({
      ...sticky,
      incidental: /trained in [\d.]+ s/g,
      body: () => `trained in ${seconds} s\r\n`,
    });
    expect(await upsertComment(faulty.github, timed("3.1"))).toBe("created");
    expect(await upsertComment(faulty.github, timed("4"))).toBe("unchanged");
  });

  it("is found among hundreds", async () => {
    await using faulty = await startWithPullRequest();
    for (let at = 0; at < 130; at += 1) await write(faulty, `Talk ${at}`);
    expect(await upsertComment(faulty.github, sticky)).toBe("created");
    for (let at = 0; at < 120; at += 1) await write(faulty, `More talk ${at}`);
    expect(await upsertComment(faulty.github, sticky)).toBe("unchanged");
    expect(await upsertComment(faulty.github, { ...sticky, body: () => "New." })).toBe("updated");
    expect(writes(faulty).filter((each) => each.startsWith("PATCH"))).toEqual(["PATCH 200"]);
  });

  it.each([
    ["a person who copies it", `${marker}\nIt can ship, says Eve.`, "visitor"],
    ["a person who quotes it", `> ${marker}\n> It can ship.\n\nReally?`, "visitor"],
    ["the owner, with the marker below", `See:\n${marker}\nIt can ship.`, undefined],
  ] as const)("is not confused with that of %s", async (_title, body, who) => {
    await using faulty = await startWithPullRequest();
    const theirs = await write(faulty, body, who);
    expect(await readComment(faulty.github, 1, marker)).toBeNull();
    expect(await upsertComment(faulty.github, sticky)).toBe("created");
    expect(await comments(faulty)).toMatchObject([{ id: theirs.id, body }, { body: `${marker}\nIt can ship.` }]);
  });

  it("is created only once by runs side by side", async () => {
    await using faulty = await startWithPullRequest();
    await Promise.all(Array.from({ length: 6 }, async () => upsertComment(await faulty.open(), sticky)));
    await upsertComment(faulty.github, sticky);
    expect(await comments(faulty)).toHaveLength(1);
  });

  it("is not created when there is no news", async () => {
    await using faulty = await startWithPullRequest();
    expect(await upsertComment(faulty.github, { ...sticky, onlyUpdate: true })).toBe("none");
    expect(await comments(faulty)).toEqual([]);
  });

  it("is written again when it was deleted meanwhile", async () => {
    await using faulty = await startWithPullRequest();
    await upsertComment(faulty.github, sticky);
    faulty.server.fail({ method: "PATCH", path: /comments/, status: 404, message: "Not Found" });
    expect(await upsertComment(faulty.github, { ...sticky, body: () => "New." })).toBe("created");
  });
});

describe("a lost answer", () => {
  it.each([
    ["dropped", {}],
    ["502", { status: 502 }],
  ])("to a comment that was written (%s) does not write it twice", async (_title, fault) => {
    await using faulty = await startWithPullRequest();
    faulty.server.fail({ method: "POST", path: /comments$/, when: "after", ...fault });
    expect(await upsertComment(faulty.github, sticky)).toBe("created");
    expect(await comments(faulty)).toHaveLength(1);
    expect(faulty.waits).toEqual([2]);
  });

  it("to a comment that was not written writes it again", async () => {
    await using faulty = await startWithPullRequest();
    faulty.server.fail({ method: "POST", path: /comments$/, times: 2 });
    expect(await upsertComment(faulty.github, sticky)).toBe("created");
    expect(writes(faulty)).toEqual(["POST 0", "POST 0", "POST 201"]);
    expect(await comments(faulty)).toHaveLength(1);
  });

  it("again and again ends with what was tried", async () => {
    await using faulty = await startWithPullRequest();
    faulty.server.fail({ method: "POST", path: /comments$/, times: 9, status: 500 });
    await expect(upsertComment(faulty.github, sticky)).rejects.toMatchObject({
      name: "EnvironmentError",
      message: "GitHub's API answered 500",
      tried: expect.stringMatching(/comments, which may have been done$/),
    });
  });
});

describe("a comment that is too long", () => {
  const fold = `<details>\n\n${"word ".repeat(60)}\n\n</details>`;
  const long = Array.from({ length: 400 }, (_, at) => `### model-${at}\n\n${fold}`).join("\n\n");

  it("is cut before a section, with a link to all of it", async () => {
    await using faulty = await startWithPullRequest();
    expect(long.length).toBeGreaterThan(100_000);
    expect(await upsertComment(faulty.github, { ...sticky, body: () => long })).toBe("created");
    const [{ body } = { body: "" }] = await comments(faulty);
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect(body.length).toBeGreaterThan(64_000);
    expect(body).toMatch(/<\/details>\n\n\*\*Cut here, because a comment has a limit\.\*\* The run has everything\.$/);
    expect(long).toContain(body.slice(marker.length + 1, body.indexOf("\n\n**Cut here")));
  });

  it("for GitHub's own count is asked for again at half the length", async () => {
    await using faulty = await startWithPullRequest();
    const limits: number[] = [];
    const body = (limit: number) => {
      limits.push(limit);
      return "x".repeat(limit);
    };
    faulty.server.fail({ method: "POST", path: /comments$/, status: 422, message: "Validation Failed" });
    expect(await upsertComment(faulty.github, { ...sticky, body })).toBe("created");
    expect(new Set(limits)).toEqual(new Set([65_536, 32_768].map((limit) => limit - marker.length - 1)));
    expect((await comments(faulty))[0]?.body).toHaveLength(32_768);
  });

  it("for any other reason is no bug of ours", async () => {
    await using faulty = await startWithPullRequest();
    faulty.server.fail({ method: "POST", path: /comments$/, status: 422, message: "Validation Failed", times: 2 });
    await expect(upsertComment(faulty.github, sticky)).rejects.toMatchObject({
      name: "EnvironmentError",
      message: expect.stringMatching(/^GitHub refused the comment on pull request 1: Validation Failed/),
    });
  });
});

describe("a token without permission", () => {
  it("that may only read is told apart from a failure", async () => {
    await using faulty = await startWithPullRequest();
    const github = await faulty.open({ token: faulty.server.readOnlyToken });
    expect(await upsertComment(github, sticky)).toBe("forbidden");
    expect(faulty.waits).toEqual([]);
  });

  it.each([401, 403, 404])("answered %i, too", async (status) => {
    await using faulty = await startWithPullRequest();
    faulty.server.fail({ method: "GET", path: /comments/, status });
    expect(await upsertComment(faulty.github, sticky)).toBe("forbidden");
  });
});
