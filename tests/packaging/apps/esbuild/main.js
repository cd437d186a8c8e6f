import { createLearner } from "headstart";
import { run } from "./scenario.js";

// Neither Rollup nor esbuild carries files along: they were copied to this folder.
run(createLearner, { assets: "headstart/" });
