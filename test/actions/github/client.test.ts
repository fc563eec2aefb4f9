import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { GitHub } from "../../../actions/shared/github/client.ts";
import type { Fault } from "../../github/fault.ts";
import { now, startFaultyGitHub } from "./faulty-github.ts";

const path = /\/issues(\?|$)/;
const repository = { owner: "octo", repo: "models" };
const read = ({ octokit }: GitHub) => octokit.rest.issues.listForRepo(repository);
const write = ({ octokit }: GitHub) => octokit.rest.issues.create({ ...repository, title: "Drift" });
const secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
const limited = { method: "POST", path, status: 403, message: secondary };
const reset = `${now.getTime() / 1_000 + 40}`;
const spent = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };

interface Case {
  title: string;
  fault: Omit<Fault, "method" | "path">;
  waits: number[];
}

const limits: Case[] = [
  { title: "a 429 with Retry-After", fault: { status: 429, headers: { "retry-after": "17" } }, waits: [17] },
  { title: "a 403 with Retry-After", fault: { status: 403, headers: { "retry-after": "3" }, times: 2 }, waits: [3, 3] },
  {
    title: "a Retry-After with a date",
    fault: { status: 429, headers: { "retry-after": "Sun, 01 Mar 2026 12:00:09 GMT" } },
    waits: [9],
  },
  { title: "a primary limit until its reset", fault: { status: 403, headers: spent }, waits: [41] },
  { title: "a primary limit with 429", fault: { status: 429, headers: spent }, waits: [41] },
  {
    title: "a secondary limit without a time for a minute",
    fault: { status: 403, message: secondary },
    waits: [60],
  },
  { title: "and for longer the next time", fault: { status: 429, message: secondary, times: 2 }, waits: [60, 120] },
];

describe("a rate limit", () => {
  it.each(limits)("is waited for: $title", async ({ fault, waits }) => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "POST", path, ...fault });
    const { data } = await write(faulty.github);
    expect(data.title).toBe("Drift");
    expect(faulty.waits).toEqual(waits);
    expect((await read(faulty.github)).data).toHaveLength(1);
  });

  it("that asks for more than our patience is given up at once", async () => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ ...limited, headers: { "retry-after": "3600" }, times: 9 });
    await expect(write(faulty.github)).rejects.toMatchObject({
      name: "EnvironmentError",
      message: "GitHub's API answered 403",
      tried: expect.stringMatching(/^POST .*\/issues, then waiting for the rate limit$/),
      safe: "The registry is as it was; running the job again is safe.",
    });
    expect(faulty.waits).toEqual([]);
    expect(faulty.told).toEqual(["GitHub's rate limit: giving up, 3600 s more"]);
  });

  it("that does not end is given up after three attempts", async () => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ ...limited, headers: { "retry-after": "1" }, times: 9 });
    await expect(write(faulty.github)).rejects.toThrow("GitHub's API answered 403");
    expect(faulty.asked("/issues")).toEqual(["POST 403", "POST 403", "POST 403"]);
  });

  it("is waited for once, not also by the plugin that keeps the distance between writes", async () => {
    await using faulty = await startFaultyGitHub();
    const github = await faulty.open({ paced: true });
    faulty.server.fail({ method: "GET", path, status: 403, message: secondary, headers: { "retry-after": "5" } });
    expect((await read(github)).data).toEqual([]);
    expect(faulty.waits).toEqual([5]);
    expect(faulty.asked("/issues")).toEqual(["GET 403", "GET 200"]);
  });
});

describe("a failing server", () => {
  it.each<Case>([
    { title: "500 twice", fault: { status: 500, times: 2 }, waits: [1, 4] },
    { title: "502", fault: { status: 502 }, waits: [1] },
    { title: "503 with Retry-After", fault: { status: 503, headers: { "retry-after": "20" } }, waits: [20] },
    { title: "a dropped connection", fault: { times: 2 }, waits: [1, 4] },
    { title: "an answer that is lost", fault: { when: "after" }, waits: [1] },
  ])("is asked again when it reads: $title", async ({ fault, waits }) => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "GET", path, ...fault });
    expect((await read(faulty.github)).data).toEqual([]);
    expect(faulty.waits).toEqual(waits);
  });

  it.each<Omit<Case, "waits">>([
    { title: "500", fault: { status: 500 } },
    { title: "502 after it was done", fault: { status: 502, when: "after" } },
    { title: "a dropped connection", fault: {} },
    { title: "a lost answer", fault: { when: "after" } },
  ])("is not asked twice to create something: $title", async ({ fault }) => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "POST", path, ...fault });
    await expect(write(faulty.github)).rejects.toMatchObject({
      name: "EnvironmentError",
      tried: expect.stringMatching(/^POST .*\/issues, which may have been done$/),
    });
    expect(faulty.asked("/issues")).toHaveLength(1);
  });

  it("that cannot be reached is asked again even to create, because nothing was sent", async () => {
    const faulty = await startFaultyGitHub();
    await faulty.server[Symbol.asyncDispose]();
    await expect(write(faulty.github)).rejects.toMatchObject({
      message: expect.stringContaining("ECONNREFUSED"),
      tried: expect.stringMatching(/^POST [^,]*\/issues$/),
    });
    expect(faulty.waits).toEqual([1, 4]);
  });

  it.each([
    {
      title: "does not end",
      answer: (response: ServerResponse) => response.writeHead(200).flushHeaders(),
      timeoutSeconds: 0.1,
      message: "The operation was aborted due to timeout",
    },
    {
      title: "is cut off",
      answer: (response: ServerResponse) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "99" });
        response.write('{"id": 1', () => response.destroy());
      },
      timeoutSeconds: 30,
      message: "other side closed",
    },
  ])("whose answer $title is a failing one", async ({ answer, timeoutSeconds, message }) => {
    const server = createServer((_request, response) => void answer(response));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    await using faulty = await startFaultyGitHub();
    const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const github = await faulty.open({ context: { ...faulty.github.context, apiUrl }, timeoutSeconds });
    await expect(read(github)).rejects.toThrow(`GitHub's API ${message}`);
    expect(faulty.waits).toEqual([1, 4]);
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  it("is given up after three attempts", async () => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "GET", path, status: 503, times: 9 });
    await expect(read(faulty.github)).rejects.toMatchObject({
      message: "GitHub's API answered 503",
      tried: expect.stringMatching(/^GET /),
    });
    expect(faulty.asked("/issues")).toHaveLength(3);
  });
});

it.each([401, 403, 404, 422])("passes %i on to the caller at once", async (status) => {
  await using faulty = await startFaultyGitHub();
  faulty.server.fail({ method: "GET", path, status, message: "No" });
  await expect(read(faulty.github)).rejects.toMatchObject({ status });
  expect(faulty.waits).toEqual([]);
});
