import { UserError } from "../../errors/user-error.ts";

/** A model has no source of live rows at all, which is wrong only when somebody asks for it. */
export class UnwatchedModel extends UserError {}
