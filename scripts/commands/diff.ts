import { describeChange } from "../../pipelines/config/describe-change.ts";
import { renderVersionDiff } from "../../pipelines/report/terminal/version-diff.ts";
import { type Command, versionReference } from "../cli/command.ts";

export const diff: Command = {
  description:
    "What changed between two versions: config, query, data and metrics. The metrics were measured on each version's own test split; only equal test fingerprints compare.",
  positionals: { min: 2, max: 2 },
  options: {},
  examples: [{ command: "mergeml diff flight-delay@1 flight-delay@2", shows: "config, data and metrics side by side" }],
  async run({ positionals: [left = "", right = ""], workspace, width }) {
    const { registry } = await workspace();
    const snapshot = await registry.snapshot({ fetch: true });
    const read = async (text: string) => {
      const { model, version } = await versionReference(text, snapshot);
      return snapshot.record(model, version);
    };
    const [before, after] = [await read(left), await read(right)];
    const changes = describeChange(
      before.candidate.config,
      after.candidate.config,
      before.candidate.query,
      after.candidate.query,
    );
    return {
      text: renderVersionDiff(before, after, width),
      data: {
        before: {
          model: before.model,
          version: before.version,
          metrics: before.evaluation.metrics,
          test: before.candidate.test,
        },
        after: {
          model: after.model,
          version: after.version,
          metrics: after.evaluation.metrics,
          test: after.candidate.test,
        },
        changes,
      },
    };
  },
};
