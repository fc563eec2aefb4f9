import { constants, setPriority } from "node:os";
import { serveRequests } from "../../ports/process/serve-requests.ts";
import { type LookJob, lookAtLog } from "./look-at-log.ts";

// Behind whatever answers.
setPriority(constants.priority.PRIORITY_LOW);

serveRequests((job: LookJob) => lookAtLog(job));
