import type { RollbackConfig } from "../../config/model-config.ts";
import type { Snapshot } from "../../registry/snapshot.ts";
import type { Standing } from "../../registry/standing.ts";
import type { Workspace } from "../../workspace/workspace.ts";
import type { Profile } from "../profile/profile.ts";
import type { WatchedModel } from "../watched-model.ts";
import type { Interval } from "../window/interval.ts";
import type { WindowInputs } from "../window-inputs.ts";

/** What is needed to judge the promotion of the version in production on live data. */
export interface EvidenceJob {
  workspace: Workspace;
  snapshot: Snapshot;
  watched: WatchedModel;
  profile: Profile;
  inputs: WindowInputs;
  standing: Standing;
  rollback: RollbackConfig;
  now: Date;
  /** The newest whole window before now, however much of it was before the promotion. */
  newest: Interval;
}
