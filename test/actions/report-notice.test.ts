import { describe, expect, it } from "vitest";
import { remembering, saysSameVerdicts, withNotice, withoutNotice } from "../../actions/shared/report-comment.ts";

const marker = "<!-- mergeml:report -->";
const memory = '<!-- mergeml:candidates {"rent":{}} -->';
const report = '## mergeml: rent can ship\n\n| a | b |\n\n### ✅ <a name="rent"></a>rent\n\n**Better.**';
const notice = { heading: "judging `4be91c2` …", below: "What stands below is of an earlier commit." };

describe("a notice above a report", () => {
  it("keeps what the comment says and remembers", () => {
    const text = withNotice(`${marker}\n${memory}\n${report}`, "", notice);
    expect(text.split("\n")[0]).toBe(memory);
    expect(text).toContain("## mergeml: judging `4be91c2` …\n\nWhat stands below is of an earlier commit.\n\n---");
    expect(text.endsWith(report)).toBe(true);
    expect(withoutNotice(`${marker}\n${text}`, "")).toBe(`${memory}\n${report}`);
  });

  it("takes the place of another, also where GitHub gives other line ends", () => {
    const once = withNotice(`${marker}\n${memory}\n${report}`, "", notice);
    const twice = withNotice(`${marker}\n${once}`.replaceAll("\n", "\r\n"), "", { ...notice, heading: "again" });
    expect(twice.match(/## mergeml: /g)).toHaveLength(2);
    expect(twice).toContain("## mergeml: again");
  });

  it("stands alone without a comment", () => {
    expect(withNotice(null, "", notice)).toBe(
      "<!-- mergeml:notice -->\n\n## mergeml: judging `4be91c2` …\n\n<!-- /mergeml:notice -->",
    );
  });

  it("is of the comment of its folder", () => {
    const text = withNotice("<!-- mergeml:report ml -->\n## mergeml: rent can ship", "ml", notice);
    expect(text).not.toContain("mergeml:report");
  });
});

it("tells a report of the same verdicts from one of others, notice or not", () => {
  const numbers = report.replace("a | b", "1 | 2");
  expect(saysSameVerdicts(`${marker}\n${withNotice(`${marker}\n${report}`, "", notice)}`, numbers, "")).toBe(true);
  expect(saysSameVerdicts(report, report.replace("### ✅", "### ❌"), "")).toBe(false);
  expect(remembering(`${marker}\n${memory}\n${report}`, "<!-- new -->", "")).toBe(`<!-- new -->\n${report}`);
});
