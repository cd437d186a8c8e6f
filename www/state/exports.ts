// The model, to be used elsewhere.
import { create } from "zustand";
import { download } from "../parts/download";
import { asJob } from "./jobs";
import { get, learner, say, sentence } from "./store";
import { nouns } from "./task";
import { megabytes } from "./words";

export type Format = "html" | "onnx" | "safetensors";

interface State {
  /** Why the last one was not written. */
  problem: string | null;
}

export const useExports = create<State>()(() => ({ problem: null }));

/** `samples`: whether its checks are the person's own samples, or ones that are made up. */
export async function saveModel(format: Format, samples: boolean): Promise<void> {
  useExports.setState({ problem: null });
  await asJob("export", `Writing the ${format} file and its checks`, "The model was not written.", async (signal, progress) => {
    try {
      const file = await learner().export(format, { samples, signal, onProgress: progress });
      const name = `${(get().project?.name ?? nouns).replace(/[\\/:*?"<>|]/g, "-")}.${format}`;
      download(file, name);
      say(`${name} was saved, ${megabytes(file.size)}.`);
    } catch (error) {
      if (!signal.aborted) useExports.setState({ problem: sentence(error) });
      throw error;
    }
  });
}
