import { Button } from "react-aria-components";
import { Choose } from "../parts/Choose";
import { JobBar } from "../parts/JobBar";
import { Outdated } from "../parts/Outdated";
import { isReady, useRunning, useStore } from "../state/store";
import { nouns, task } from "../state/task";
import { type Choice, type Method, choose, measureCost, tune, useTuning } from "../state/tuning";
import { Cost } from "./Cost";
import { Tuned } from "./Tuned";

const PART = task === "text" ? "layer" : "stage";
const DEPTHS = [
  ["1", `the last ${PART}`],
  ["2", `the last two ${PART}s`],
  ["3", `the last three ${PART}s`],
] as const;
const METHODS: readonly (readonly [Method, string])[] = [
  ["default", "what suits their number"],
  ["cross-entropy", "on the labels"],
  ["contrastive", "on pairs, alike or not"],
];

/** Training the last part of the backbone too. */
export function FineTune() {
  const { choice, outcome, made, problem, leftOut } = useTuning();
  const tuning = useRunning("tune");
  const measuring = useRunning("cost");
  const training = useRunning("train");
  const adapting = useRunning("adapt");
  const collecting = useRunning("collect");
  const ready = useStore(isReady);
  const busy = tuning || measuring || training || adapting || collecting || !ready;
  return (
    <section className="way" aria-labelledby="fine-tune-title">
      <h3 id="fine-tune-title">Fine-tune the backbone</h3>
      <p className="soft">
        Its last part is trained on your {nouns} too. First on two thirds of them at a time, so that the others can judge it; it is kept only if they are better off.
      </p>
      <div className="row">
        <Choose
          label="How much of the backbone"
          value={`${choice.stages}`}
          choices={DEPTHS}
          onChoose={(stages) => choose({ stages: Number(stages) as Choice["stages"] })}
        />
        {task === "text" && <Choose label="Learns" value={choice.method} choices={METHODS} onChoose={(method) => choose({ method })} />}
        <Button className="button quiet" isDisabled={busy} onPress={() => void measureCost()}>
          What would it take?
        </Button>
        <Button className="button" isDisabled={busy} onPress={() => void tune()}>
          Fine-tune
        </Button>
      </div>
      {measuring ? <JobBar of="cost" /> : <JobBar of="tune">{collecting ? <p>When the {nouns} are in, you can fine-tune.</p> : <Cost />}</JobBar>}
      {problem && (
        <p role="alert" className="note warn">
          {problem}.
        </p>
      )}
      <Tuned />
      {leftOut !== "" && <p className="note warn left-out">Left out, because they could not be read again: {leftOut}</p>}
      {outcome && !tuning && <Outdated made={made} of="this fine-tuning" />}
    </section>
  );
}
