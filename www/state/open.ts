import type { Learner, LearnerOptions, ModelInfo } from "headstart";
import { caged } from "../trust/cage";
import { refresh } from "./classes";
import { keepAs } from "./contents";
import { useRefuse } from "./predictions";
import { freeName } from "./projects";
import { remember, remembered } from "./remembered";
import { get, say, sentence, set, total } from "./store";
import { noun, task } from "./task";
import { useTuning } from "./tuning";
import { count } from "./words";

/** Asked for together: thousands at once would hold the page. */
const TOGETHER = 200;
/** What keeps a project from opening, and perhaps the next one too, but not the page from working. */
const OTHERS = ["project-open", "project-too-new", "backbone-differs"];

export async function open(): Promise<void> {
  try {
    const left: string[] = [];
    const { learner, why } = await opened(left);
    const unseen = await takeOver(learner);
    set({ learner, device: learner.device, project: learner.project });
    await refresh();
    if (learner.model) takeModel(learner.model);
    if (learner.project) remember(learner.project.name);
    const samples = total(get());
    if (unseen > 0) left.push(`${count(unseen, noun)} cannot be shown`);
    const name = `“${learner.project?.name}”`;
    const there = left.length > 0 ? `${name} is open with ${count(samples, noun)}, but ${left.join("; ")}.` : `${name} is as you left it, with ${count(samples, noun)}.`;
    const as = samples + left.length > 0 ? there : "Everything from here on happens on this machine.";
    say(why === "" ? `Ready. ${as}` : `Ready. ${why}`);
    // "auto" may move to a GPU at any time; the learner has a property for it and no event.
    setInterval(() => set({ device: learner.device }), 1000);
  } catch (error) {
    set({ failure: sentence(error) });
  }
}

/** `why`: what stood in the way of the project that was to be opened. What of it could not be read is added to `left`. */
async function opened(left: string[]): Promise<{ learner: Learner; why: string }> {
  // Here, so that a package that is not there is a sentence and not a blank page.
  const { createLearner, workerScript } = await import("../headstart");
  const options: LearnerOptions = {
    task,
    worker: () => caged(workerScript),
    onProgress: ({ stage, done, total, note }) => (note === undefined ? set({ loading: { stage, done, total } }) : left.push(note)),
    onProject: (project) => set({ project }),
  };
  const without = async (error: unknown) => {
    const learner = await createLearner(options);
    return { learner, why: `Nothing is saved: ${sentence(error)}.` };
  };
  let name: string;
  try {
    name = remembered() ?? (await freeName());
  } catch (error) {
    return without(error);
  }
  try {
    return { learner: await createLearner({ ...options, project: name }), why: "" };
  } catch (error) {
    const code = codeOf(error);
    if (code === "no-storage") return without(error);
    try {
      // A name that only another tab has, without a sample yet, is not in any list.
      const other = await freeName(name === (await freeName()) ? `${name} 2` : undefined);
      return { learner: await createLearner({ ...options, project: other }), why: `${sentence(error)}. This is another project.` };
    } catch (another) {
      // It is not the project then: no learner can be had.
      if (!OTHERS.includes(code) && codeOf(another) === code) throw error;
      return without(another);
    }
  }
}

/** What the learner has, in the places where the page has it. → how many pictures are there by their features alone. */
async function takeOver(learner: Learner): Promise<number> {
  let unseen = 0;
  const ids = (await learner.samples()).map(({ id }) => id);
  for (let i = 0; i < ids.length; i += TOGETHER) {
    const some = ids.slice(i, i + TOGETHER);
    (await learner.data(some)).forEach((content, k) => {
      if (content === null) unseen++;
      else keepAs(some[k]!, content);
    });
  }
  return unseen;
}

function takeModel({ result, tuned, adapted, negative, stale }: ModelInfo): void {
  const { classes, kind } = get();
  const known = total({ classes: classes.filter((c) => c.name !== "" && c.name !== negative), kind });
  const reason = adapted ? `${adapted}, for the other domain` : tuned ? "the backbone’s last part was trained too" : result.reason;
  set({ result: { ...result, reason }, learnt: { known, negative }, adapted: adapted !== null, trainedAt: stale ? -1 : 0 });
  useTuning.setState({ tuned });
  if (negative !== null) useRefuse.setState({ on: true });
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
