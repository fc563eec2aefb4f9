import { parseUtc } from "../../pipelines/config/utc-time.ts";
import { UserError } from "../../pipelines/errors/user-error.ts";
import type { Action } from "../shared/action.ts";

/** The `now` input; the present when it is empty. */
export function momentOf(action: Action, clock: { now(): Date }): Date {
  const text = action.input("now");
  if (text === "") return clock.now();
  const moment = parseUtc(text);
  if (moment !== null) return new Date(moment);
  throw new UserError({ message: `input now is "${text}", not a moment`, hint: "write it like 2001-06-15, in UTC" });
}
