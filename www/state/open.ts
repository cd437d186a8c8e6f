import { caged } from "../trust/cage";
import { createLearner, workerScript } from "../headstart";
import { say, sentence, set } from "./store";

export async function open(): Promise<void> {
  try {
    const learner = await createLearner({
      task: "image",
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
