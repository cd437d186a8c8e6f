import { caged } from "../trust/cage";
import { task } from "./task";
import { say, sentence, set } from "./store";

export async function open(): Promise<void> {
  try {
    // Here, so that a package that is not there is a sentence and not a blank page.
    const { createLearner, workerScript } = await import("../headstart");
    const learner = await createLearner({
      task,
      worker: () => caged(workerScript),
      onProgress: ({ done, total }) => set({ loading: { done, total } }),
    });
    set({ learner, device: learner.device });
    say("Ready. Everything from here on happens on this machine.");
    // "auto" may move to a GPU at any time; the learner has a property for it and no event.
    setInterval(() => set({ device: learner.device }), 1000);
  } catch (error) {
    set({ failure: sentence(error) });
  }
}
