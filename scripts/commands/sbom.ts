import { billOfMaterials } from "../../pipelines/report/bill-of-materials.ts";
import { readLocked } from "../../pipelines/report/locked-libraries.ts";
import { type Command, versionReference } from "../cli/command.ts";

export const sbom: Command = {
  description:
    "A version's bill of materials as CycloneDX 1.7 JSON: the model with its card, datasets with fingerprints and sources, trainer, libraries with licences, the packages of a program's lock file. The version in production when none is named. A version that nobody has signed who must is refused.",
  positionals: { min: 1, max: 1 },
  options: {},
  examples: [{ command: "mergeml sbom flight-delay@3 > flight-delay-3.cdx.json", shows: "what version 3 is made of" }],
  async run({ positionals: [reference = ""], workspace }) {
    const { registry, git, log } = await workspace();
    const snapshot = await registry.snapshot({ fetch: true });
    const { model, version } = await versionReference(reference, snapshot);
    const record = await snapshot.trusted(model, version);
    const locked = await readLocked(git, record.candidate);
    if (locked === null)
      log.warn(`the lock file of ${model}@${version} is not in this clone: its packages are left out`);
    const data = billOfMaterials(record, locked ?? []);
    return { text: JSON.stringify(data, null, 2), data };
  },
};
