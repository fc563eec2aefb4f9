import { refText, type ToolRepository } from "./tool-source.ts";

const checkout = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2";

/**
 * The workflow on the registry branch. GitHub runs the file of the branch that was pushed, so a `git revert` by hand is
 * verified, recorded as a Deployment and told to serving like a deploy.
 */
export function registryWorkflow(
  branch: string,
  source: { kind: "template" } | { kind: "repository" },
  folder = "",
): string {
  return `# Runs when somebody pushes to this branch, a \`git revert\` by hand included: verifies the registry, records what is in
# production now as Deployments, and tells serving. Written by \`mergeml init\`.
name: registry
on:
  push:
    branches: [${branch}]

permissions: {}

jobs:
  notify:
    runs-on: \${{ fromJSON(vars.MERGEML_RUNNER || '"ubuntu-latest"') }}
    timeout-minutes: 10
    permissions:
      actions: write # to start the check of pull requests that were judged against what is in production no more
      checks: write
      contents: write # for repository_dispatch, which tells serving; nothing is pushed
      deployments: write
      pull-requests: write
    steps:
      - uses: ${checkout}
        with:
          ref: \${{ github.event.repository.default_branch }}
          persist-credentials: false
${toolStep(source)}
      - uses: ./.mergeml/tool/actions/setup
        with:
          cache: false
      - uses: ./.mergeml/tool/actions/notify
        with:
${inFolder(folder)}          since: \${{ github.event.before }}
          verify: true
      - if: \${{ !cancelled() }}
        uses: ./.mergeml/tool/actions/announce
        with:
${inFolder(folder)}          since: \${{ github.event.before }}
`;
}

/** The mergeml that the default branch's workflows use: its version stands there, and nowhere on this branch. */
function toolStep(source: { kind: "template" } | { kind: "repository" }): string {
  if (source.kind === "template") return "      - run: mkdir -p .mergeml && ln -sfn .. .mergeml/tool";
  return `      - id: tool
        shell: bash
        run: |
          found=$(grep -hoE '[^ "/]+/[^ "/]+/\\.github/workflows/model-deploy\\.ya?ml@[^ "]+' .github/workflows/*.y*ml | head -n 1)
          if [ -z "$found" ]; then echo "::error::no workflow of the default branch uses mergeml's model-deploy.yml"; exit 1; fi
          echo "repository=\${found%%/.github/*}" >> "$GITHUB_OUTPUT"
          echo "ref=\${found##*@}" >> "$GITHUB_OUTPUT"
      - uses: ${checkout}
        with:
          repository: \${{ steps.tool.outputs.repository }}
          ref: \${{ steps.tool.outputs.ref }}
          path: .mergeml/tool
          persist-credentials: false`;
}

/** The input of every action for models in a folder of a larger repository. */
function inFolder(folder: string, indent = 10): string {
  return folder === "" ? "" : `${" ".repeat(indent)}working-directory: ${JSON.stringify(folder)}\n`;
}

const passed = (names: readonly string[]) => names.map((name) => `      ${name}: \${{ inputs.${name} }}\n`).join("");

/** What the models' jobs may know, by name: no other secret of the repository reaches them. */
const secretsToTell = `    secrets:
      MERGEML_APP_KEY: \${{ secrets.MERGEML_APP_KEY }}
`;
const secrets = `${secretsToTell}      MERGEML_SOURCES: \${{ secrets.MERGEML_SOURCES }}
`;

interface CallerPlace {
  folder?: string;
  beside?: string;
  /** Those of mergeml.yaml: with more than production there is a workflow that promotes, and one goes back in each. */
  environments?: readonly string[];
}

/**
 * The workflows of a repository that uses mergeml's, by path: a few lines each. `branch` is the one that merges go to,
 * `folder` that of the models in a larger repository, and `beside` goes behind each name when another folder has its own.
 */
export function callerWorkflows(
  source: Omit<ToolRepository, "kind">,
  branch: string,
  { folder = "", beside = "", environments = ["production"] }: CallerPlace = {},
): Record<string, string> {
  const suffix = beside === "" ? "" : `-${beside}`;
  const isStaged = environments.length > 1;
  const { name } = source;
  const ref = refText(source);
  const call = (workflow: string, more = "") => {
    const inputs = `${inFolder(folder, 6)}${more}`;
    return `    uses: ${name}/.github/workflows/${workflow}@${ref}\n${inputs === "" ? "" : `    with:\n${inputs}`}`;
  };
  return {
    [`.github/workflows/model-pr${suffix}.yml`]: `# Compares the models a pull request changes with production, comments, and passes or blocks.
name: model-pr${suffix}
on:
  pull_request:
    types: [opened, synchronize, reopened, edited] # edited: its base may be another one
  merge_group:
  workflow_dispatch: # by which mergeml asks for the check of its own pull requests
    inputs:
      pull-request:
        description: Number of the pull request to report on; its branch must be the one this runs on
        required: true
        type: number
permissions: {}
jobs:
  models:
    permissions:
      actions: write
      checks: write
      contents: read
      id-token: write
      packages: read
      pull-requests: write
${call("model-pr.yml", `      pull-request: \${{ fromJSON(inputs.pull-request || 0) }}\n`)}${secrets}`,
    [`.github/workflows/model-report${suffix}.yml`]: `# Posts the report of pull requests from forks, whose own runs may only read, and says when a run ended without a verdict. Runs none of their code.
name: model-report${suffix}
on:
  # zizmor: ignore[dangerous-triggers] no code of the pull request is checked out or run here
  workflow_run:
    workflows: [model-pr${suffix}]
    types: [completed]
permissions: {}
jobs:
  models:
    permissions:
      actions: read
      checks: write
      contents: read
      pull-requests: write
${call("model-report.yml")}${secretsToTell}`,
    [`.github/workflows/model-deploy${suffix}.yml`]: `# Deploys what is due after a merge.
name: model-deploy${suffix}
on:
  push:
    branches: [${JSON.stringify(branch)}]
  workflow_dispatch:
permissions: {}
jobs:
  models:
    permissions:
      actions: write
      attestations: write
      checks: write
      contents: write
      deployments: write
      id-token: write
      issues: write
      packages: write
      pull-requests: write
${call("model-deploy.yml")}${secrets}`,
    [`.github/workflows/drift${suffix}.yml`]: `# Watches the models in production: drift becomes an issue, and where the config says so a retrain pull request or a rollback.
# GitHub stops schedules of public repositories without a commit for 60 days.
name: drift${suffix}
on:
  schedule:
    - cron: "23 5 * * *"
  workflow_dispatch:
    inputs:
      models:
        description: Names of the models to check, separated by spaces; all in production when empty
        default: ""
      now:
        description: The moment before which windows end, e.g. 2001-06-15; the present when empty
        default: ""
permissions: {}
jobs:
  models:
    permissions:
      actions: write
      checks: write
      contents: write
      deployments: write
      id-token: write
      issues: write
      packages: read
      pull-requests: write
${call("drift.yml", passed(["models", "now"]))}${secrets}`,
    [`.github/workflows/rollback${suffix}.yml`]: `# Takes back a model's last promotion.
name: rollback${suffix}
on:
  workflow_dispatch:
    inputs:
      model:
        description: Name of the model
        required: true
      to:
        description: Version to go back to; what was there before when empty
        default: ""
${isStaged ? choice("environment", "Where", environments) : ""}permissions: {}
jobs:
  rollback:
    permissions:
      actions: write
      checks: write
      contents: write
      deployments: write
      id-token: write
      packages: read
      pull-requests: write
${call("rollback.yml", passed(["model", "to", ...(isStaged ? ["environment"] : [])]))}${secretsToTell}`,
    // One site holds all of a folder; Pages has one for a repository.
    ...(beside === "" && { ".github/workflows/dashboard.yml": dashboardCaller(call("dashboard.yml")) }),
    ...(isStaged && { [`.github/workflows/model-promote${suffix}.yml`]: promoteCaller(suffix, environments, call) }),
  };
}

/** After whatever changes what it shows. */
function dashboardCaller(call: string): string {
  return `# Publishes the dashboard of all models to GitHub Pages, where the repository's variable MERGEML_DASHBOARD is true.
name: dashboard
on:
  # zizmor: ignore[dangerous-triggers] the default branch is checked out, and no code or artifact of the run is read
  workflow_run:
    workflows: [model-deploy, drift, registry]
    types: [completed]
  workflow_dispatch:
permissions: {}
jobs:
  dashboard:
    permissions:
      contents: read
      id-token: write
      pages: write
${call}`;
}

/** Runs every day, and by hand for what a person does not want to wait for. */
function promoteCaller(
  suffix: string,
  environments: readonly string[],
  call: (workflow: string, more?: string) => string,
): string {
  return `# Lets versions go on from one environment to the next: by promote.when of their model.yaml, or by hand.
# GitHub stops schedules of public repositories without a commit for 60 days.
name: model-promote${suffix}
on:
  schedule:
    - cron: "53 5 * * *"
  workflow_dispatch:
    inputs:
      models:
        description: Names of models to promote now, without waiting for their windows; all that promote.when lets go on when empty
        default: ""
${choice("environment", "Where to", environments.slice(1))}permissions: {}
jobs:
  models:
    permissions:
      actions: write
      checks: write
      contents: write
      deployments: write
      id-token: write
      packages: write
      pull-requests: write
${call("model-promote.yml", passed(["models", "environment"]))}${secrets}`;
}

/** An input of a run by hand; the last of the names when nobody chooses. */
function choice(name: string, description: string, options: readonly string[]): string {
  return `      ${name}:
        description: ${description}
        type: choice
        options: [${options.join(", ")}]
        default: ${options.at(-1)}
`;
}
