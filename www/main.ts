import { createLearner } from "./headstart";
import { collect } from "./panels/collect";
import { machine } from "./panels/machine";
import { report } from "./panels/report";
import { train } from "./panels/train";
import { tryOut } from "./panels/try";
import { Work, say, sentence } from "./work";

try {
  const learner = await createLearner({
    task: "image",
    onProgress: ({ done, total }) => say(`Loading the backbone: ${((100 * done) / total).toFixed(0)} %`),
  });
  const work = new Work(learner);
  for (const panel of [collect, train, tryOut, report, machine]) panel(work);
  say("Ready. Everything from here on happens on this machine.");
} catch (error) {
  say(`Headstart cannot start: ${sentence(error)}`);
}

// A file dropped beside a target would replace the page, and the work with it.
for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
