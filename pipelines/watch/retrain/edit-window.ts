import { isDeepStrictEqual } from "node:util";
import type { Scalar } from "yaml";
import type { Json } from "../../config/canonical-json.ts";
import { toProblem } from "../../config/yaml/finding.ts";
import { yamlLibrary } from "../../config/yaml/library.ts";
import { openYaml, type YamlFile } from "../../config/yaml/yaml-file.ts";
import { UserError } from "../../errors/user-error.ts";
import type { WrittenWindow } from "./retrain-window.ts";

const sides = ["start", "end"] as const;

/**
 * The text of model.yaml with another `features.window`. Only the characters of the two values change: comments, quotes, line
 * endings and layout stay. Throws UserError when the file is not sound YAML, has no window, or writes it in a way that cannot
 * be edited so.
 */
export function editWindow(text: string, file: string, window: WrittenWindow): string {
  const before = openYaml(text, file);
  refuseUnsound(before);
  const content = text.startsWith("\ufeff") ? text.slice(1) : text;
  const scalars = scalarsOf(before, content, file);
  const edits = sides.flatMap((side) => editOf(content, scalars[side], window[side]));
  edits.sort((a, b) => b.from - a.from); // from the back, so that the places in front stay right
  const edited = edits.reduce((result, { from, to, put }) => result.slice(0, from) + put + result.slice(to), content);
  if (!isDeepStrictEqual(openYaml(edited, file).value, withWindow(before.value, window))) {
    throw new UserError({
      message: `features.window of ${file} is written in a way that cannot be edited automatically`,
      hint: `write  window: { start: ${window.start}, end: ${window.end} }  by hand`,
      where: before.locate({ path: ["features", "window"], at: "key" }),
    });
  }
  return text.slice(0, text.length - content.length) + edited;
}

function refuseUnsound({ findings, locate }: YamlFile): void {
  if (findings.length === 0) return;
  throw new UserError(findings.map((finding) => toProblem(finding, locate(finding))));
}

/** openYaml has found neither directives nor anchors, tags or aliases, and one document. */
function scalarsOf(yaml: YamlFile, content: string, file: string): Record<(typeof sides)[number], Scalar> {
  const { isScalar, parseDocument } = yamlLibrary();
  const document = parseDocument(content, { schema: "core", uniqueKeys: false, logLevel: "silent" });
  const [start, end] = sides.map((side) => {
    const node = document.getIn(["features", "window", side], true);
    if (isScalar(node) && typeof node.value === "string" && node.range) return node;
    throw nothingToMove(yaml, side, file);
  });
  return { start: start!, end: end! };
}

function nothingToMove(yaml: YamlFile, side: string, file: string): UserError {
  return new UserError({
    message: yaml.has(["features", "window"])
      ? `features.window of ${file} has no ${side} that is a date: there is nothing to move forward`
      : `features.window is missing in ${file}: there is nothing to move forward`,
    hint: "add  window: { start: …, end: … }  to features and use $start and $end in the query",
    where: yaml.locate({ path: ["features", "window", side] }),
  });
}

interface Edit {
  from: number;
  to: number;
  put: string;
}

/** Replaces the value inside its quotes or block; all of the source when the value is not there as it is, e.g. for its escapes. */
function editOf(content: string, { value, range, type }: Scalar, put: string): Edit[] {
  if (value === put) return [];
  const [from, to] = range!;
  // The last, because a block's header may have a comment.
  const place = content.slice(from, to).lastIndexOf(value as string);
  if (place >= 0) return [{ from: from + place, to: from + place + (value as string).length, put }];
  const quote = type === "QUOTE_DOUBLE" ? '"' : type === "QUOTE_SINGLE" ? "'" : "";
  return [{ from, to, put: `${quote}${put}${quote}` }];
}

function withWindow(config: Json | undefined, window: WrittenWindow): Json {
  const { features, ...rest } = config as { features: Record<string, Json> };
  return { ...rest, features: { ...features, window: { ...window } } };
}
