import { basename, extname } from "node:path";
import type { Task } from "../config/model-config.ts";
import type { FileDescription } from "../data/describe-file.ts";
import { didYouMean } from "../errors/did-you-mean.ts";
import { UserError } from "../errors/user-error.ts";

/** What a first model.yaml needs to know, inferred from a data file. */
export interface InferredModel {
  name: string;
  file: string;
  task: Task;
  target: string;
  key: string | null;
  features: string[];
  /** Columns left out, with the reason. */
  left_out: { name: string; why: string }[];
}

const targetNames = /^(target|label|y|outcome|class)$/i;
const idNames = /(^|_)(id|key|uuid)$/i;
const numbers = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;
const texts = /^(VARCHAR|ENUM.*|UUID|BOOLEAN)$/;

/** Chooses name, target, task, key and features. Throws UserError when a named target does not exist. */
export function inferModel(
  file: string,
  described: FileDescription,
  wanted: { name?: string; target?: string },
): InferredModel {
  const { columns, rows } = described;
  const target = targetOf(described, wanted.target);
  const key =
    columns.find(
      (each) => each.name !== target.name && idNames.test(each.name) && each.distinct === rows && each.nulls === 0,
    ) ?? null;
  const others = columns.filter((each) => each !== target && each !== key);
  const left_out = others.flatMap(({ name, type, distinct }) => {
    if (!numbers.test(type) && !texts.test(type))
      return [{ name, why: `${type}: write what of it matters, e.g. month(${name})` }];
    if (distinct <= 1) return [{ name, why: "constant" }];
    return type === "VARCHAR" && distinct > rows / 2 ? [{ name, why: "nearly every row has its own value" }] : [];
  });
  const features = others.map((each) => each.name).filter((name) => !left_out.some((each) => each.name === name));
  if (features.length === 0)
    throw new UserError({
      message: `${file} has no column to learn from besides ${target.name}`,
      hint: "a model needs numbers, booleans or text",
    });
  return {
    name: wanted.name ?? modelName(file),
    file,
    task: taskOf(target),
    target: target.name,
    key: key?.name ?? null,
    features,
    left_out,
  };
}

function targetOf({ columns }: FileDescription, wanted: string | undefined): FileDescription["columns"][number] {
  const target =
    wanted === undefined
      ? (columns.find((each) => targetNames.test(each.name)) ?? columns.at(-1))
      : columns.find((each) => each.name === wanted);
  if (target) return target;
  const names = columns.map((each) => each.name);
  const near = wanted === undefined ? null : didYouMean(wanted, names);
  throw new UserError({
    message: `no column ${wanted}`,
    hint: `${near ? `did you mean ${near}? ` : ""}It has: ${names.join(", ")}`,
  });
}

function taskOf({ type, distinct }: FileDescription["columns"][number]): Task {
  return numbers.test(type) && distinct > 10 ? "regression" : "classification";
}

function modelName(file: string): string {
  const name = basename(file, extname(file))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name || "model";
}
