import { describe, expect, it } from "vitest";
import { githubConformance } from "./openapi/conformance.ts";

const check = githubConformance();
const statuses = "/repos/octo/models/deployments/1/statuses";
const asked = {
  method: "POST",
  url: statuses,
  text: '{"state":"success"}',
  status: 404,
  body: '{"message":"Not Found"}',
};

describe("GitHub's description of its API", () => {
  it("accepts what conforms", () => {
    expect(check(asked)).toEqual([]);
    expect(
      check({ ...asked, method: "GET", url: `${statuses}?per_page=1`, text: "", status: 200, body: "[]" }),
    ).toEqual([]);
  });

  it.each([
    ["a route that is not there", { url: "/repos/octo/models/deploys" }, "GitHub has no such route"],
    [
      "a value that is not allowed",
      { text: '{"state":"done"}' },
      "request/state must be equal to one of the allowed values error, failure",
    ],
    [
      "a value of another type",
      { text: '{"state":"success","auto_inactive":"yes"}' },
      "request/auto_inactive must be boolean",
    ],
    ["a value that is missing", { text: "{}" }, "request must have required property 'state'"],
    [
      "a property that is not known",
      { text: '{"state":"success","sate":1}' },
      "the request has sate, which GitHub does not know",
    ],
    [
      "a query that is not known",
      { url: `${statuses}?page_size=3` },
      "the query has page_size, which GitHub does not know",
    ],
    ["an answer that GitHub does not give", { status: 200 }, "GitHub does not answer 200"],
    [
      "an answer without what it must have",
      { status: 201, body: '{"id":1}' },
      "answer 201 must have required property 'state'",
    ],
    ["an answer with a wrong address", { method: "GET", text: "", body: '{"url":7}' }, "answer 404/url must be string"],
  ])("tells of %s", (_title, change, problem) => {
    expect(check({ ...asked, ...change }).join("\n")).toContain(problem);
  });
});
