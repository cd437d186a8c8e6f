// Whether the pretrained backbone helps here, against learning from the same samples without it.
import type { TransferReport } from "headstart";
import { create } from "zustand";
import { asJob } from "./jobs";
import { type Made, learner, madeNow, say } from "./store";

interface State {
  verdict: TransferReport | null;
  made: Made | null;
}

export const useVerdict = create<State>()(() => ({ verdict: null, made: null }));

export async function compare(): Promise<void> {
  await asJob("verdict", "Learning from scratch, to compare", "The comparison was stopped.", async (signal, progress) => {
    const made = madeNow();
    useVerdict.setState({ verdict: await learner().transferVerdict({ signal, onProgress: progress }), made });
    say("Compared with learning from scratch.");
  });
}
