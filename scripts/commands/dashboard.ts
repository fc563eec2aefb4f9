import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { buildDashboard, writeDashboard } from "../../pipelines/dashboard.ts";
import { UserError } from "../../pipelines/errors/expected-error.ts";
import { type FoundDrift, foundDriftOf } from "../../pipelines/run-log/found-drift.ts";
import { countOf } from "../../pipelines/statistics/format-number.ts";
import type { Command } from "../cli/command.ts";

export const dashboard: Command = {
  description:
    "All models with state, metric and its history, drift, age, owner and what comes next; a page per model with versions, who promoted them and why, lineage, any two side by side, and its runs; a page per dataset and feature view. Static files that need no server and work below any path.",
  positionals: { min: 0, max: 0 },
  options: {
    output: { type: "string", short: "o", value: "folder", description: "Write the site into this folder" },
    serve: { type: "boolean", description: "Show it here, and build it anew for each look at the first page" },
    port: { type: "string", value: "8321", description: "Port of --serve; 0 takes a free one" },
    drift: {
      type: "string",
      value: "file.json",
      description: "What checks found elsewhere, as mergeml drift --json writes it",
    },
  },
  examples: [
    { command: "mergeml dashboard --output site", shows: "a site to publish, or to open from the disk" },
    { command: "mergeml dashboard --serve", shows: "http://127.0.0.1:8321/ until Ctrl-C" },
  ],
  async run({ option, flag, workspace, directory, log }) {
    const [output, file] = [option("output"), option("drift")];
    if (output === undefined && !flag("serve"))
      throw new UserError({
        message: "where the dashboard is to be is not said",
        hint: "write: mergeml dashboard --output site, or --serve",
      });
    const opened = await workspace();
    const drift = file === undefined ? [] : await readDrift(resolve(directory, file));
    if (output !== undefined) {
      const folder = resolve(directory, output);
      const pages = await writeDashboard(opened, folder, drift);
      const data = {
        folder,
        pages: pages.size,
        bytes: [...pages.values()].reduce((sum, page) => sum + Buffer.byteLength(page), 0),
      };
      if (!flag("serve"))
        return {
          text: `${countOf(pages.size, "page")} written to ${output}: open ${join(output, "index.html")}`,
          data,
        };
    }
    const { serveDashboard } = await import("../../pipelines/serve-dashboard.ts");
    const serving = await serveDashboard(() => buildDashboard(opened, drift), portOf(option("port")));
    log.info(`${serving.url} until Ctrl-C`);
    await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
    await serving.close();
    return { text: "ended", data: { url: serving.url } };
  },
};

function portOf(text = "8321"): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new UserError({ message: `--port ${text} is no port`, hint: "a whole number up to 65535: --port 8321" });
}

/** What was found; models that could not be checked have nothing to show. */
async function readDrift(file: string): Promise<FoundDrift[]> {
  const hint = "write it with: mergeml drift --json > drift.json";
  const models = await readModels(file, hint);
  return models.flatMap((model, at) => {
    if ((model as { outcome?: unknown } | null)?.outcome === "error") return [];
    const found = foundDriftOf(model);
    if (found === null)
      throw new UserError({ message: `--drift ${file}: models[${at}] is no result of a check`, hint });
    return [found];
  });
}

async function readModels(file: string, hint: string): Promise<unknown[]> {
  let told: unknown;
  try {
    told = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new UserError({ message: `--drift ${file} cannot be read: ${(cause as Error).message}`, hint }, { cause });
  }
  const { models } = (told ?? {}) as { models?: unknown };
  if (Array.isArray(models)) return models;
  throw new UserError({ message: `--drift ${file} has no list of models`, hint });
}
