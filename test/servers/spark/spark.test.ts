import { afterAll, beforeAll } from "vitest";
import { datasetTests } from "./datasets.ts";
import { type Farm, openFarm } from "./farm.ts";
import { modelTests } from "./models.ts";
import { refusalTests } from "./refusals.ts";

let opened: Farm;
const farm = () => opened;

// One Spark for all of them: to start it costs as much as many tests.
beforeAll(async () => {
  opened = await openFarm();
}, 420_000);

afterAll(() => opened?.[Symbol.asyncDispose]());

datasetTests(farm);
modelTests(farm);
refusalTests(farm);
