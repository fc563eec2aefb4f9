import { UserError } from "../../pipelines/errors/expected-error.ts";
import { definitionList, wrapText } from "../../pipelines/report/terminal/text-table.ts";
import type { Trainer } from "../../pipelines/training/trainer.ts";
import { trainers } from "../../pipelines/training/trainers.ts";
import type { Command } from "../cli/command.ts";
import { commandHelp, overview } from "../cli/main.ts";
import { commands } from "./index.ts";

export const help: Command = {
  description: "The options of a command, or the params of a model type (its `type` in model.yaml).",
  positionals: { min: 0, max: 1 },
  options: {},
  examples: [
    { command: "mergeml help train", shows: "a command's options" },
    { command: "mergeml help gradient-boosting", shows: "all params of a model type" },
  ],
  async run({ positionals: [topic], width }) {
    if (topic === undefined)
      return {
        text: overview(width),
        data: { commands: Object.keys(commands), types: trainers.map(({ name }) => name) },
      };
    const trainer = trainers.find(({ name }) => name === topic);
    if (trainer)
      return {
        text: trainerHelp(trainer, width),
        data: { name: trainer.name, summary: trainer.summary, params: trainer.paramsSchema },
      };
    const listed = Object.hasOwn(commands, topic) ? commands[topic] : undefined;
    if (listed) return { text: commandHelp(topic, await listed.load(), width), data: { command: topic } };
    throw new UserError({
      message: `no help on ${topic}`,
      hint: `commands: ${Object.keys(commands).join(", ")}; model types: ${trainers.map(({ name }) => name).join(", ")}`,
    });
  },
};

function trainerHelp({ name, summary, tasks, paramsSchema }: Trainer, width: number): string {
  const params = Object.entries(paramsSchema.properties).map(
    ([key, { description, default: usual }]) => [key, `${description} (default ${JSON.stringify(usual)})`] as const,
  );
  return [
    `type: ${name}   (${tasks.join(", ")})`,
    "",
    ...wrapText(summary, width),
    "",
    "params:",
    definitionList(params, width),
  ].join("\n");
}
