import { anchorOf, escapeMarkdown } from "../errors/inert-markdown.ts";
import { judgedSection } from "./judged-section.ts";
import { detailsBlock } from "./markdown/fence.ts";
import { entryState, markOf, modelOf, type ReportEntry } from "./report-entry.ts";
import { checksFailedText, errorText, heldText, identicalText } from "./stopped-section.ts";

/** A model's part of the report. `folds` can be left out from the end, and the whole section too, without breaking the rest. */
export interface ModelSection {
  model: string;
  head: string;
  folds: readonly string[];
  foot: string;
}

/** The section of one entry: the verdict, what a reviewer needs to decide, and the rest folded. */
export function modelSection(entry: ReportEntry): ModelSection {
  const model = modelOf(entry);
  const name = `<a name="${anchorOf(model)}"></a>${escapeMarkdown(model, 60)}`;
  const heading = `### ${markOf(entryState(entry))} ${name}`;
  const body = sectionBody(entry);
  const folds = body.folds.map((fold) => detailsBlock(fold.title, fold.body));
  return { model, head: `${heading}\n\n${body.head}`, folds, foot: body.foot };
}

function sectionBody(entry: ReportEntry): ReturnType<typeof judgedSection> {
  switch (entry.state) {
    case "judged":
      return judgedSection(entry);
    case "checks-failed":
      return { head: checksFailedText(entry), folds: [], foot: "" };
    case "error":
      return { head: errorText(entry), folds: [], foot: "" };
    case "identical":
      return { head: identicalText(entry), folds: [], foot: "" };
    case "held":
      return { head: heldText(entry), folds: [], foot: "" };
  }
}
