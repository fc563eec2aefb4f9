import type { ValidateFunction } from "ajv";

/** Validators that `npm run package` compiled, by `validatorKey`: a release replaces this module by one that has them. */
export const packagedValidators: Readonly<Record<string, () => ValidateFunction>> = {};
