import { describe, expect, it } from "vitest";
import { type CheckAnnotation, publishCheckRun } from "../../../actions/shared/github/check-run.ts";
import { startFaultyGitHub } from "./faulty-github.ts";

const headSha = "b".repeat(40);
const check = {
  name: "mergeml",
  headSha,
  conclusion: "success" as const,
  title: "rent can ship",
  summary: () => "All is well.",
  annotations: [],
  detailsUrl: "https://github.example.org/octo/models/actions/runs/7",
};
const annotations = (count: number): CheckAnnotation[] =>
  Array.from({ length: count }, (_, at) => ({
    path: "models/rent/model.yaml",
    start_line: at + 1,
    end_line: at + 1,
    annotation_level: "failure",
    message: `problem ${at}`,
    title: "mergeml",
  }));
const messages = (count: number) => annotations(count).map(({ message }) => message);

describe("the check", () => {
  it("is published once, and brought up to date in place", async () => {
    await using faulty = await startFaultyGitHub();
    expect(await publishCheckRun(faulty.github, check)).toBe("published");
    expect(await publishCheckRun(faulty.github, check)).toBe("unchanged");
    expect(await publishCheckRun(faulty.github, { ...check, title: "news" })).toBe("published");
    expect(faulty.server.added.checks).toMatchObject([
      { name: "mergeml", head_sha: headSha, output: { title: "news" } },
    ]);
    expect(faulty.asked("/check-runs").filter((each) => !each.startsWith("GET"))).toEqual(["POST 201", "PATCH 200"]);
  });

  it.each([50, 51, 120])("sends %i annotations, fifty at a time and each once", async (count) => {
    await using faulty = await startFaultyGitHub();
    const annotated = { ...check, annotations: annotations(count) };
    await publishCheckRun(faulty.github, annotated);
    expect(await publishCheckRun(faulty.github, annotated)).toBe("unchanged");
    await publishCheckRun(faulty.github, { ...annotated, title: "the same problems" });
    expect(faulty.server.added.checks).toHaveLength(1);
    expect(faulty.server.added.checks[0]?.annotations.map(({ message }) => message)).toEqual(messages(count));
  });

  it("with other annotations takes the place of the earlier one", async () => {
    await using faulty = await startFaultyGitHub();
    await publishCheckRun(faulty.github, { ...check, conclusion: "failure", annotations: annotations(2) });
    await publishCheckRun(faulty.github, check);
    const shown = await faulty.server.ask("GET", `/repos/octo/models/commits/${headSha}/check-runs`);
    expect(shown).toMatchObject({ total_count: 1, check_runs: [{ conclusion: "success" }] });
  });

  it("of another app with our name is left alone", async () => {
    await using faulty = await startFaultyGitHub();
    const theirs = {
      name: "mergeml",
      head_sha: headSha,
      status: "completed",
      conclusion: "failure",
      external_id: "42",
    };
    await faulty.server.ask("POST", "/repos/octo/models/check-runs", theirs);
    expect(await publishCheckRun(faulty.github, check)).toBe("published");
    expect(faulty.server.added.checks).toMatchObject([
      { external_id: "42", conclusion: "failure" },
      { name: "mergeml" },
    ]);
  });

  it("is cut at a section when it is too long", async () => {
    await using faulty = await startFaultyGitHub();
    const summary = () =>
      Array.from({ length: 900 }, (_, at) => `### Model ${at}\n\n${"word ".repeat(20)}`).join("\n\n");
    expect(await publishCheckRun(faulty.github, { ...check, summary })).toBe("published");
    const text = faulty.server.added.checks[0]?.output.summary ?? "";
    expect(text.length).toBeLessThanOrEqual(65_535);
    expect(text).toMatch(
      /word\n\n\*Cut here: a check has a limit\. \[The run\]\(https:.*\/runs\/7\) has everything\.\*$/,
    );
  });
});

describe("a lost answer", () => {
  it("to a check that was created does not create another", async () => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "POST", path: /check-runs$/, when: "after" });
    expect(await publishCheckRun(faulty.github, { ...check, annotations: annotations(60) })).toBe("published");
    expect(faulty.server.added.checks).toHaveLength(1);
    expect(faulty.server.added.checks[0]?.annotations).toHaveLength(60);
  });

  it("to a check that was not created creates it", async () => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "POST", path: /check-runs$/ });
    expect(await publishCheckRun(faulty.github, check)).toBe("published");
    expect(faulty.server.added.checks).toHaveLength(1);
  });

  it.each(["before", "after"] as const)("to annotations (%s they were added) adds them once", async (when) => {
    await using faulty = await startFaultyGitHub();
    faulty.server.fail({ method: "PATCH", path: /check-runs/, when, status: 502 });
    await publishCheckRun(faulty.github, { ...check, annotations: annotations(120) });
    expect(faulty.server.added.checks[0]?.annotations.map(({ message }) => message)).toEqual(messages(120));
  });

  it("of a run that died half-way is made up for by the next one", async () => {
    await using faulty = await startFaultyGitHub();
    const annotated = { ...check, annotations: annotations(120) };
    faulty.server.fail({ method: "PATCH", path: /check-runs/, times: 3, status: 500 });
    await expect(publishCheckRun(faulty.github, annotated)).rejects.toThrow("GitHub's API answered 500");
    expect(await publishCheckRun(faulty.github, annotated)).toBe("published");
    expect(faulty.server.added.checks[0]?.annotations.map(({ message }) => message)).toEqual(messages(120));
  });
});

it("is told apart when the token may not write checks", async () => {
  await using faulty = await startFaultyGitHub();
  const github = await faulty.open({ token: faulty.server.readOnlyToken });
  expect(await publishCheckRun(github, check)).toBe("forbidden");
});

it("that GitHub refuses is no bug of ours", async () => {
  await using faulty = await startFaultyGitHub();
  faulty.server.fail({ method: "POST", path: /check-runs$/, status: 422, message: "No commit found for SHA" });
  await expect(publishCheckRun(faulty.github, check)).rejects.toThrow(
    /^GitHub refused the check mergeml on b{40}: No commit found for SHA/,
  );
});
