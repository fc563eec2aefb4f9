import type { Finding } from "../yaml/finding.ts";
import { type RuleContext, when } from "./rule.ts";

/** The name is the folder's, and the trainer can do the task. */
export function identityRules({ draft, folder, trainers }: RuleContext): Finding[] {
  const { name, task, type } = draft;
  const trainer = trainers.find((each) => each.name === type);
  return [
    ...when(folder !== undefined && name !== undefined && name !== folder, {
      path: ["name"],
      message: `name is "${name}" but the folder is "${folder}"`,
      hint: `write name: ${folder}, or rename the folder`,
    }),
    ...when(trainer && task && !trainer.tasks.includes(task), () => ({
      path: ["type"],
      message: `the trainer ${type} does not do ${task}`,
      hint: trainersFor(task!, trainers),
    })),
  ];
}

function trainersFor(task: "regression" | "classification", trainers: RuleContext["trainers"]): string {
  const able = trainers.filter((trainer) => trainer.tasks.includes(task)).map((trainer) => trainer.name);
  return able.length > 0 ? `trainers for ${task}: ${able.join(", ")}` : `no trainer does ${task}`;
}
