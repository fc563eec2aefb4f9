#!/usr/bin/env node
"use strict";
// What any Node can read, so that an old one says what is missing instead of a syntax error.
const needed = 24;
if (parseInt(process.versions.node, 10) >= needed) require("./start.cjs");
else {
  console.error(
    `mergeml: needs Node ${needed} or newer, and this is ${process.version} (${process.execPath}). Install it: https://nodejs.org`,
  );
  process.exitCode = 3;
}
