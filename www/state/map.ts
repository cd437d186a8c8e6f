// The samples in the plane in which they differ most.
import type { Learner } from "headstart";
import { create } from "zustand";
import { get, learner, say, sentence } from "./store";

export type Place = Awaited<ReturnType<Learner["projection"]>>[number];

interface State {
  places: readonly Place[] | null;
  drawing: boolean;
  /** `revision` of the samples that are in it. */
  at: number;
}

export const useMap = create<State>()(() => ({ places: null, drawing: false, at: 0 }));

export async function drawMap(): Promise<void> {
  const at = get().revision;
  useMap.setState({ drawing: true });
  try {
    useMap.setState({ places: await learner().projection(), at });
    say("The map is drawn.");
  } catch (error) {
    say(sentence(error));
  } finally {
    useMap.setState({ drawing: false });
  }
}
