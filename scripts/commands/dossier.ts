import { UserError } from "../../pipelines/errors/expected-error.ts";
import { technicalDossier } from "../../pipelines/report/technical-dossier.ts";
import { type Command, versionReference } from "../cli/command.ts";

export const dossier: Command = {
  description:
    "Technical documentation of a version after Annex IV of the EU AI Act (Regulation 2024/1689), as Markdown: filled from the registry's record, with what a person must still write marked TO WRITE. No legal advice, and no claim that a system is of high risk. The version in production when none is named.",
  positionals: { min: 1, max: 1 },
  options: {},
  examples: [
    { command: "mergeml dossier flight-delay@3 > dossier.md", shows: "what is on record, and what is missing" },
  ],
  async run({ positionals: [reference = ""], workspace }) {
    const opened = await workspace();
    const snapshot = await opened.registry.snapshot({ fetch: true });
    const { model, version } = await versionReference(reference, snapshot);
    const record = await snapshot.trusted(model, version);
    const [vouched = null] = await snapshot.vouchers([{ model, version }]);
    const [history, earlier] = [await opened.registry.history(model, snapshot), await snapshot.versions(model)];
    const before = earlier.filter((each) => each < version).at(-1);
    const text = technicalDossier(record, {
      history,
      before: before === undefined ? null : await snapshot.record(model, before),
      signed: vouched instanceof UserError ? null : vouched,
    });
    const open = text.split("TO WRITE").length - 1;
    return { text, data: { model, version, markdown: text, to_write: open } };
  },
};
