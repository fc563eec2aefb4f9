import { seededRandom } from "../pipelines/evaluation/random.ts";
import { drawRows, judgeCalibrated, modelOf, predict, profileOf, windowOf } from "./bench/drift/simulate.ts";

const random = seededRandom(1);
const model = modelOf(5, 0);
const rows = drawRows(model, 1000, random, null);
const profile = profileOf(model, rows, predict(model, rows, random));
const now = drawRows(model, 1000, random, 0);
const { outcome } = judgeCalibrated(profile, windowOf(profile, now, predict(model, now, random)));
process.stdout.write(`${outcome}\n`);
