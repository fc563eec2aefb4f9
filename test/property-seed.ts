import fc from "fast-check";

/** The same random cases on every run, so that a red build is red for its own change; PROPERTY_SEED=$RANDOM looks for new ones. */
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 20_260_101) });
