// The samples in the plane in which they differ most.
import type { Learner } from "headstart";
import { create } from "zustand";
import { type Made, learner, madeNow, say, sentence } from "./store";

export type Place = Awaited<ReturnType<Learner["projection"]>>[number];

interface State {
  places: readonly Place[] | null;
  drawing: boolean;
  made: Made | null;
}

export const useMap = create<State>()(() => ({ places: null, drawing: false, made: null }));

export async function drawMap(): Promise<void> {
  const made = madeNow();
  useMap.setState({ drawing: true });
  try {
    useMap.setState({ places: await learner().projection(), made });
    say("The map is drawn.");
  } catch (error) {
    say(sentence(error));
  } finally {
    useMap.setState({ drawing: false });
  }
}
