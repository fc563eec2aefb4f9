"use strict";
// Before the first module: what Node compiled once it finds again. NODE_COMPILE_CACHE says where, else beside temporary files.
require("node:module").enableCompileCache();
import("../lib/mergeml.js");
