import { createLearner } from "./node_modules/headstart/index.js";
import { run } from "./scenario.js";

run(createLearner, {});
