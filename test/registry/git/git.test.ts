import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openGit } from "../../../pipelines/registry/git/git.ts";
import { readCommits } from "../../../pipelines/registry/git/log.ts";
import { type FileChange, makeCommits, parseTree, readAllObjects } from "../../../pipelines/registry/git/objects.ts";
import { makeSandbox } from "../builders.ts";

const time = new Date(Date.UTC(2026, 0, 1));

describe("commits by plumbing", () => {
  it("hold any bytes under any name, and come back as they were", async () => {
    using sandbox = makeSandbox({ remote: false });
    const { git } = sandbox;
    const context = { identity: await git.identity(), time };
    const name = fc.stringMatching(/^[A-Za-z0-9 "'\\äé☃._-]{1,12}$/).filter((each) => !/^\.{1,2}$|^\.git/i.test(each));
    const files = fc.uniqueArray(fc.record({ name, content: fc.uint8Array() }), { selector: (file) => file.name });
    await fc.assert(
      fc.asyncProperty(files, fc.string({ unit: "grapheme" }), async (written, word) => {
        const changes: FileChange[] = written.map((file) => ({ path: `d/${file.name}`, content: file.content }));
        const message = `Subject\n\n${word.replaceAll("\0", "")}\n`;
        const [id] = await makeCommits(
          git,
          null,
          [{ message, changes: [...changes, { path: "x", content: "" }] }],
          context,
        );
        const [tree] = await readAllObjects(git, [`${id}:d`]);
        const entries = tree ? parseTree(tree) : [];
        expect(entries.map((entry) => entry.name).sort()).toEqual(written.map((file) => file.name).sort());
        const read = await readAllObjects(
          git,
          entries.map((entry) => entry.oid),
        );
        const contents = new Map(entries.map((entry, index) => [entry.name, read[index]?.content]));
        for (const file of written) expect(Buffer.compare(contents.get(file.name)!, file.content)).toBe(0);
        const raw = (await git.run(["cat-file", "commit", id!])).stdout.toString("utf8");
        expect(raw.slice(raw.indexOf("\n\n") + 2)).toBe(message);
      }),
      { numRuns: 25 },
    );
  });

  it("delete files, reuse objects, and leave no ref behind", async () => {
    using sandbox = makeSandbox({ remote: false });
    const { git, plain } = sandbox;
    const context = { identity: await git.identity(), time };
    const [first] = await makeCommits(
      git,
      null,
      [{ message: "One\n", changes: [{ path: "a", content: "1" }] }],
      context,
    );
    const oid = plain(["rev-parse", `${first}:a`]);
    const plans = [
      { message: "Two\n", changes: [{ path: "b", content: { oid } }] },
      { message: "Three\n", changes: [{ path: "a", content: null }] },
    ];
    const [, third] = await makeCommits(git, first!, plans, context);
    expect(plain(["ls-tree", third!])).toBe(`100644 blob ${oid}\tb`);
    expect(plain(["log", "--format=%s %an %ct", third!]).split("\n")).toEqual(
      ["Three", "Two", "One"].map((subject) => `${subject} Ada ${time.getTime() / 1000}`),
    );
    expect(plain(["for-each-ref", "--format=%(refname)"])).toBe("refs/heads/main");
  });

  it("work in a repository of SHA-256 ids", async () => {
    using sandbox = makeSandbox({ remote: false });
    const folder = join(sandbox.folder, "sha256");
    sandbox.plain(["init", "-q", "--object-format=sha256", folder], sandbox.folder);
    const git = openGit(folder, { env: sandbox.env });
    const context = { identity: await git.identity(), time };
    const [id] = await makeCommits(
      git,
      null,
      [{ message: "One\n", changes: [{ path: "d/a", content: "1" }] }],
      context,
    );
    const [tree] = await readAllObjects(git, [`${id}:d`]);
    expect(parseTree(tree!)).toEqual([{ mode: "100644", name: "a", oid: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  });
});

describe("the log", () => {
  it("gives every commit with its message and what it changed, whatever stands in either", async () => {
    using sandbox = makeSandbox({ remote: false });
    const { git } = sandbox;
    const context = { identity: await git.identity(), time };
    const message = "Subject\n\n:100644 100644 looks like a change\n\n\u0001body\n";
    const changes = ["a b", "ü\n", "z"].map((path) => ({ path, content: path }));
    const [one, two] = await makeCommits(
      git,
      null,
      [
        { message, changes },
        { message: "Empty\n", changes: [] },
      ],
      context,
    );
    const commits = [];
    for await (const commit of readCommits(git, { tip: two! })) commits.push(commit);
    expect(commits.map(({ commit, parents }) => [commit, parents])).toEqual([
      [two, [one]],
      [one, []],
    ]);
    expect(commits[0]).toMatchObject({ subject: "Empty", changes: [] });
    expect(commits[1]).toMatchObject({ subject: "Subject", message, author: "Ada", time: time.toISOString() });
    expect(commits[1]?.changes.map(({ path, before, mode }) => [path, before, mode])).toEqual([
      ["a b", null, "100644"],
      ["z", null, "100644"],
      ["ü\n", null, "100644"],
    ]);
    for await (const commit of readCommits(git, { tip: two!, oldestFirst: true, withChanges: false })) {
      expect(commit).toMatchObject({ commit: one, changes: [] });
      break;
    }
  });
});

describe("objects", () => {
  it("are null where there is none, and whole where they are large", async () => {
    using sandbox = makeSandbox({ remote: false });
    const large = "line\n".repeat(1_000_000);
    const oid = sandbox.plain(["hash-object", "-w", "--stdin"], sandbox.work, large);
    const [none, found, again] = await readAllObjects(sandbox.git, ["HEAD:nothing here", oid, "HEAD"]);
    expect(none).toBeNull();
    expect(found?.content.toString()).toBe(large);
    expect(again?.type).toBe("commit");
  });
});

describe("the models' repository", () => {
  it("knows its root, the commit of a path and whether it has changes", async () => {
    using sandbox = makeSandbox({ remote: false });
    const { git, plain, work } = sandbox;
    mkdirSync(join(work, "models/rent"), { recursive: true });
    const file = join(work, "models/rent/model.yaml");
    writeFileSync(file, "name: rent\n");
    expect(await git.root()).toBe(work);
    expect(await git.isDirty("models/rent")).toBe(true);
    expect(await git.commitOf("models/rent")).toBeNull();
    plain(["add", "."]);
    plain(["commit", "-qm", "Add rent"]);
    const added = plain(["rev-parse", "HEAD"]);
    plain(["commit", "-q", "--allow-empty", "-m", "Later"]);
    expect(await git.isDirty("models/rent")).toBe(false);
    expect(await git.commitOf("models/rent")).toBe(added);
    expect(await git.headCommit()).toBe(plain(["rev-parse", "HEAD"]));
    writeFileSync(file, "name: rental\n");
    expect([await git.isDirty(file), await git.isDirty("data")]).toEqual([true, false]);
  });

  it("is found from inside a hook of another one", async () => {
    using sandbox = makeSandbox({ remote: false });
    const git = openGit(sandbox.work, {
      env: { ...sandbox.env, GIT_DIR: "/nowhere/.git", GIT_INDEX_FILE: "/nowhere/index" },
    });
    expect(await git.root()).toBe(sandbox.work);
  });
});
