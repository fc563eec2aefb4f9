import type { Command } from "../cli/command.ts";

/** What `mergeml --help` lists. Each command's own file is loaded only when it runs. */
export interface ListedCommand {
  usage: string;
  summary: string;
  load(): Promise<Command>;
}

export const commands: Readonly<Record<string, ListedCommand>> = {
  init: {
    usage: "init [name]",
    summary: "Scaffold a model and create the registry branch",
    load: async () => (await import("./init.ts")).init,
  },
  validate: {
    usage: "validate [model…]",
    summary: "Every error of every model, with file:line:column",
    load: async () => (await import("./validate.ts")).validate,
  },
  features: {
    usage: "features ls|show|check [view…]",
    summary: "Feature views that models share, and their constraints",
    load: async () => (await import("./features.ts")).features,
  },
  plan: {
    usage: "plan [model…]",
    summary: "Desired state against the registry",
    load: async () => (await import("./plan.ts")).plan,
  },
  train: {
    usage: "train <model>",
    summary: "Train and evaluate against production; gives a candidate",
    load: async () => (await import("./train.ts")).train,
  },
  install: {
    usage: "install [model…]",
    summary: "What the programs of models need, from their lock files",
    load: async () => (await import("./install.ts")).install,
  },
  gate: {
    usage: "gate <candidate>",
    summary: "The verdict on a candidate; exit 1 when it is no",
    load: async () => (await import("./gate.ts")).gate,
  },
  report: {
    usage: "report <candidate…>",
    summary: "The comparison with production as Markdown",
    load: async () => (await import("./report.ts")).report,
  },
  register: {
    usage: "register <candidate>",
    summary: "Commit a candidate to the registry as a version",
    load: async () => (await import("./register.ts")).register,
  },
  promote: {
    usage: "promote <model> [--to N]",
    summary: "Put a registered version into production",
    load: async () => (await import("./promote.ts")).promote,
  },
  challenge: {
    usage: "challenge <model>[@N] --shadow | --share 10% | --stop",
    summary: "Try a version beside production",
    load: async () => (await import("./challenge.ts")).challenge,
  },
  compare: {
    usage: "compare <model>",
    summary: "Challenger and production on live data",
    load: async () => (await import("./compare.ts")).compare,
  },
  rollback: {
    usage: "rollback <model> [--to N | --when-broken]",
    summary: "Take back the last promotion",
    load: async () => (await import("./rollback.ts")).rollback,
  },
  run: {
    usage: "run <model>",
    summary: "All of it for one model: plan, train, gate, register, promote",
    load: async () => (await import("./run.ts")).run,
  },
  status: {
    usage: "status",
    summary: "What is in production, since when, by whom",
    load: async () => (await import("./status.ts")).status,
  },
  dashboard: {
    usage: "dashboard --output site | --serve",
    summary: "All models, versions, runs and drift as a static site",
    load: async () => (await import("./dashboard.ts")).dashboard,
  },
  history: {
    usage: "history <model>",
    summary: "Registrations, promotions and rollbacks of a model",
    load: async () => (await import("./history.ts")).history,
  },
  show: {
    usage: "show <model>@<version>",
    summary: "One version: lineage, metrics, verdict",
    load: async () => (await import("./show.ts")).show,
  },
  diff: {
    usage: "diff <model>@1 <model>@2",
    summary: "What changed between two versions",
    load: async () => (await import("./diff.ts")).diff,
  },
  predict: {
    usage: "predict <model>[@N]",
    summary: "Score a file's rows, and log them for drift",
    load: async () => (await import("./predict.ts")).predict,
  },
  export: {
    usage: "export <model>[@N] --for <server>",
    summary: "Write a version as MLServer, Triton or KServe read it",
    load: async () => (await import("./export.ts")).exportCommand,
  },
  serve: {
    usage: "serve [--registry address]",
    summary: "Answer requests with what is in production, and follow it",
    load: async () => (await import("./serve.ts")).serve,
  },
  drift: {
    usage: "drift [model…]",
    summary: "Compare live data with what the model was trained on",
    load: async () => (await import("./drift.ts")).drift,
  },
  reproduce: {
    usage: "reproduce <model>@<version>",
    summary: "Retrain from the record and compare bytes",
    load: async () => (await import("./reproduce.ts")).reproduce,
  },
  verify: {
    usage: "verify",
    summary: "Check the whole registry branch",
    load: async () => (await import("./verify.ts")).verify,
  },
  trust: {
    usage: "trust [key|root|adopt]",
    summary: "Who must have signed a version, and what is signed",
    load: async () => (await import("./trust.ts")).trust,
  },
  audit: {
    usage: "audit [--since DATE]",
    summary: "Every change of production: who, by which run, on which verdict",
    load: async () => (await import("./audit.ts")).audit,
  },
  sbom: {
    usage: "sbom <model>[@N]",
    summary: "A version's bill of materials (CycloneDX 1.7)",
    load: async () => (await import("./sbom.ts")).sbom,
  },
  dossier: {
    usage: "dossier <model>[@N]",
    summary: "Technical documentation (EU AI Act, Annex IV) from the record",
    load: async () => (await import("./dossier.ts")).dossier,
  },
  runs: {
    usage: "runs [model]",
    summary: "Every training, kept or lost: list, compare, show",
    load: async () => (await import("./runs.ts")).runs,
  },
  mlflow: {
    usage: "mlflow sync [model]",
    summary: "Copy the registry to an MLflow server",
    load: async () => (await import("./mlflow.ts")).mlflow,
  },
  store: {
    usage: "store <push|pull|ls|verify|gc>",
    summary: "Datasets and large models where other machines read them",
    load: async () => (await import("./store.ts")).store,
  },
  gc: {
    usage: "gc [--dry-run]",
    summary: "Delete datasets nothing refers to",
    load: async () => (await import("./gc.ts")).gc,
  },
  upgrade: {
    usage: "upgrade [--to owner/repository@ref] [--write]",
    summary: "Move the workflows to another release, and see what it trains again",
    load: async () => (await import("./upgrade.ts")).upgrade,
  },
  help: {
    usage: "help [command | trainer]",
    summary: "A command's options, or the params of a model type",
    load: async () => (await import("./help.ts")).help,
  },
};
