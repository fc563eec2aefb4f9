import { writeFile } from "node:fs/promises";
import { descriptionFile, fetchDescription } from "../test/github/openapi/fetch-description.ts";

/** Writes the part of GitHub's description of its API that requests and answers are held against in tests. */
await writeFile(descriptionFile, await fetchDescription());
