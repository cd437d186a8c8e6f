import { Button } from "react-aria-components";
import { Choose } from "../parts/Choose";
import { JobBar } from "../parts/JobBar";
import { Outdated } from "../parts/Outdated";
import { isReady, useRunning, useStore } from "../state/store";
import { nouns, task } from "../state/task";
import { type Choice, type Method, type Trains, choose, measureCost, tune, useTuning } from "../state/tuning";
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
const WITHOUT_LABEL: readonly [Method, string] = ["pretrain", "on texts without a label"];
/** As the face asks for. */
const FEWEST_WITHOUT_LABEL = 32;
const TRAINS: readonly (readonly [Trains, string])[] = [
  ["weights", "the weights themselves"],
  ["lora", "low-rank updates (LoRA)"],
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
  const unlabelled = useStore((s) => s.classes.find((c) => c.name === "")?.members.length ?? 0);
  // What was chosen stays on show, and the face says what it lacks.
  const methods = unlabelled >= FEWEST_WITHOUT_LABEL || choice.method === "pretrain" ? [...METHODS, WITHOUT_LABEL] : METHODS;
  const busy = tuning || measuring || training || adapting || collecting || !ready;
  return (
    <section className="way" aria-labelledby="fine-tune-title">
      <h3 id="fine-tune-title">Fine-tune the backbone</h3>
      <p className="soft">
        {choice.method === "pretrain"
          ? "Its last part goes on learning from your texts without a label, then a head is fitted on those with one. It is kept only if labelled texts that a head has not seen are better off."
          : `Its last part is trained on your ${nouns} too. First on two thirds of them at a time, so that the others can judge it; it is kept only if they are better off.`}
      </p>
      <div className="row">
        <Choose
          label="How much of the backbone"
          value={`${choice.stages}`}
          choices={DEPTHS}
          onChoose={(stages) => choose({ stages: Number(stages) as Choice["stages"] })}
        />
        {task === "text" && <Choose label="Learns" value={choice.method} choices={methods} onChoose={(method) => choose({ method })} />}
        <Choose label="Trains" value={choice.trains} choices={TRAINS} onChoose={(trains) => choose({ trains })} />
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
