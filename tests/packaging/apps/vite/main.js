import { createLearner } from "headstart";
import backbone from "headstart/backbones/efficientnet-lite0";
import { run } from "./scenario.js";

run(createLearner, { backbone });
