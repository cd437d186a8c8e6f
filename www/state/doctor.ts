// What may be wrong with the samples, and what a person has said of it. What was put right is not remembered: it shows in
// the samples themselves, and comes back with Undo.
import type { DoctorReport } from "headstart";
import { create } from "zustand";
import { shown } from "./labels";
import { asJob } from "./jobs";
import { type Made, learner, madeNow, say } from "./store";
import { nouns } from "./task";

interface State {
  found: DoctorReport | null;
  made: Made | null;
  /** Findings that a person has looked at and left as they are, by `keyOf…`; the next check does not bring them back. */
  kept: ReadonlySet<string>;
}

export const useDoctor = create<State>()(() => ({ found: null, made: null, kept: new Set() }));

export async function examine(): Promise<void> {
  await asJob("doctor", `Looking through the ${nouns}`, "The check was stopped.", async (signal, progress) => {
    const made = madeNow();
    const found = await learner().doctor({ signal, onProgress: progress });
    useDoctor.setState({ found, made });
    const issues = found.labelIssues.length;
    say(issues === 0 ? "Checked: no label is likely wrong." : `Checked: ${issues === 1 ? "1 label is" : `${issues.toLocaleString("en")} labels are`} likely wrong.`);
  });
}

export function leave(key: string): void {
  useDoctor.setState(({ kept }) => ({ kept: new Set([...kept, key]) }));
}

export function leaveNone(): void {
  useDoctor.setState({ kept: new Set() });
}

export const keyOfIssue = ({ id, suggested }: DoctorReport["labelIssues"][number]) => `label ${id} ${shown(suggested)}`;
export const keyOfDuplicates = ({ ids }: DoctorReport["nearDuplicates"][number]) => `same ${ids.join(" ")}`;
export const keyOfOutlier = ({ id }: DoctorReport["outliers"][number]) => `odd ${id}`;
