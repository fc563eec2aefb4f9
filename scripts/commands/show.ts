import type { VersionName } from "../../pipelines/registry/read-records.ts";
import type { Snapshot } from "../../pipelines/registry/snapshot.ts";
import { UntrustedError } from "../../pipelines/registry/trust/untrusted-error.ts";
import { renderVersion } from "../../pipelines/report/terminal/version-page.ts";
import { scoredVersions } from "../../pipelines/report-history.ts";
import { tellVouched } from "../../pipelines/trust-state.ts";
import { type Command, versionReference } from "../cli/command.ts";
import { writeOutput } from "../cli/write-output.ts";

export const show: Command = {
  description:
    "One version as the registry records it: lineage, data, params, metrics, verdict and, where `trust` names signers, who signed it. Its files are checked against their hashes first. Without @<version>, what is in production.",
  positionals: { min: 1, max: 1 },
  options: {
    html: {
      type: "string",
      value: "file.html",
      description: "Also write it with pictures: one file that opens offline",
    },
  },
  examples: [
    { command: "mergeml show flight-delay@3", shows: "version 3" },
    { command: "mergeml show flight-delay --json", shows: "the whole record of production" },
    { command: "mergeml show flight-delay@3 --html v3.html", shows: "what it was judged by, as pictures" },
  ],
  async run({ positionals: [reference = ""], workspace, option, directory, width }) {
    const { registry } = await workspace();
    const snapshot = await registry.snapshot({ fetch: true });
    const { model, version } = await versionReference(reference, snapshot);
    const record = await snapshot.record(model, version);
    const signature = await signatureOf(snapshot, { model, version });
    const production = await snapshot.production(model);
    const history = await scoredVersions(snapshot, model);
    const shown = { ...record, in_production: production?.version === version, ...signature, history };
    const page = option("html");
    if (page) {
      const { versionPage } = await import("../../pipelines/report/html/report-page.ts");
      await writeOutput("--html", page, await versionPage(shown), directory);
    }
    return { text: page ? `written to ${page}` : renderVersion(record, shown, width), data: shown };
  },
};

/** Who vouches for it; nothing where nobody is asked. Its model is read and checked, too, unless readers refuse it anyway. */
async function signatureOf(snapshot: Snapshot, version: VersionName) {
  const [{ signer, problem } = { signer: null, problem: null }] = await tellVouched(snapshot, [version]);
  try {
    await snapshot.modelBytes(version.model, version.version);
  } catch (error) {
    if (!(error instanceof UntrustedError)) throw error;
  }
  if (problem !== null) return { signed_by: null, untrusted: problem };
  return signer === null ? {} : { signed_by: signer, untrusted: null };
}
