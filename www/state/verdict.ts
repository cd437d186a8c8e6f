// Whether the pretrained backbone helps here, against learning from the same samples without it.
import type { TransferReport } from "headstart";
import { create } from "zustand";
import { asJob } from "./jobs";
import { get, learner, say } from "./store";

interface State {
  verdict: TransferReport | null;
  /** `revision` of the samples that were learnt from. */
  at: number;
}

export const useVerdict = create<State>()(() => ({ verdict: null, at: 0 }));

export async function compare(): Promise<void> {
  await asJob("verdict", "Learning from scratch, to compare", "The comparison was stopped.", async (signal, progress) => {
    const at = get().revision;
    useVerdict.setState({ verdict: await learner().transferVerdict({ signal, onProgress: progress }), at });
    say("Compared with learning from scratch.");
  });
}
