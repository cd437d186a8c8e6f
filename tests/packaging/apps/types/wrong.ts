import { createLearner } from "headstart";
import { openExport } from "headstart/predict";

void createLearner({ task: "image", deviec: "cpu" });
void openExport(new Uint8Array()).then((opened) => opened.predict(["a"], { rejekt: 0.05 }));
