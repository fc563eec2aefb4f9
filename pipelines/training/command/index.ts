import type { Trainer } from "../trainer.ts";
import { variableName } from "./environment.ts";

/** Any program in any language that reads rows and writes `model.onnx`. Loads its code only when it trains. */
export const command: Trainer = {
  name: "command",
  version: 1,
  tasks: ["regression", "classification"],
  summary: "Any program in any language, which reads the rows from a file and writes model.onnx.",
  readsModelFolder: true,
  paramsSchema: {
    type: "object",
    additionalProperties: false,
    properties: {
      run: {
        title: "a list of texts, such as [python3, train.py]",
        type: "array",
        items: { type: "string", minLength: 1, maxLength: 4096 },
        minItems: 1,
        maxItems: 100,
        default: ["python3", "train.py"],
        description:
          "The program and its arguments. It runs in a scratch folder with a copy of the model's `files`, train.parquet, params.json and columns.json, and writes model.onnx there. No shell reads it; for one write [sh, -c, …].",
      },
      options: {
        title: "a block of numbers, texts and true or false",
        type: "object",
        additionalProperties: { type: ["number", "string", "boolean"] },
        maxProperties: 200,
        default: {},
        description: "The program's own params. They reach it as `options` in params.json.",
        examples: [{ max_depth: 6, learning_rate: 0.1 }],
      },
      files: {
        title: "a list of files or patterns, such as [train.py, requirements.txt]",
        type: "array",
        items: { type: "string", minLength: 1, maxLength: 500 },
        minItems: 1,
        maxItems: 200,
        default: ["**"],
        description:
          "Files of the model's folder that the program needs; patterns may have * and **. It gets these and no others, and a change to one of them is a change of the model. The default is every file but model.yaml, the query, hidden files, __pycache__ and node_modules.",
        examples: [["train.py", "requirements.txt"]],
      },
      environment: {
        title: "the path of a lock file, such as requirements.txt",
        type: "string",
        maxLength: 200,
        pattern: "^(?!/)(?!.*(^|/)\\.\\.?(/|$))[^\\\\]+$",
        description:
          "The lock file of what the program needs, in the model's folder: requirements.txt, pyproject.toml with uv.lock, environment.yml, renv.lock or Dockerfile. Its environment is made once for each content of the file, kept on the machine, and is part of the model: another lock is another model. The file names exact versions with hashes (for a Dockerfile, images by digest; for conda, builds).",
        examples: ["requirements.txt"],
      },
      data: {
        enum: ["parquet", "csv", "staged"],
        default: "parquet",
        description:
          "The format of the rows: train.parquet, or train.csv for languages that read no Parquet. Numbers and booleans are float32, a missing one is null; a missing category is the empty text. With `staged` no rows come here: `data` in columns.json is the address of Parquet that the features.engine left in its staging area, all train rows whatever resources.max_rows says, for a program that trains on the cluster.",
      },
      env: {
        title: "a list of names of environment variables that hold no secret",
        type: "array",
        items: { type: "string", pattern: variableName, maxLength: 100 },
        maxItems: 50,
        default: [],
        description:
          "Names of environment variables that the program gets besides PATH, LANG, HOME and TMPDIR (scratch folders) and MERGEML_*. Names that look like secrets are refused.",
        examples: [["CUDA_VISIBLE_DEVICES"]],
      },
      timeout_minutes: {
        type: "number",
        exclusiveMinimum: 0,
        maximum: 7200,
        default: 60,
        description: "Minutes after which the program, with all it has started, is ended.",
      },
      memory_gb: {
        type: "number",
        minimum: 0,
        maximum: 4096,
        default: 0,
        description:
          "GiB of memory that the program may use: it reads them in MERGEML_MEMORY_GB, and on Linux each process that asks for more data memory is refused it. 0 sets no limit.",
      },
    },
  },
  async train(input) {
    const { trainCommand } = await import("./train.ts");
    return trainCommand(input);
  },
};
