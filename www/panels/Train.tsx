import type { TrainResult } from "headstart";
import { useEffect, useState } from "react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
import { Choose } from "../parts/Choose";
import { JobBar } from "../parts/JobBar";
import { Panel } from "../parts/Panel";
import { type Head, train } from "../state/model";
import type { Kind } from "../state/labels";
import { type Class, isReady, isStale, realNames, total, useRunning, useStore } from "../state/store";
import { noun, nouns, task } from "../state/task";
import { count } from "../state/words";
import { TrainingCurve, load } from "./TrainingCurve";

const HEADS: { id: Head; name: string; what: string; ofNumbers?: string }[] = [
  { id: "linear", name: "Linear", what: "logistic regression; the best choice as a rule", ofNumbers: "ridge regression; the best choice as a rule" },
  { id: "mlp", name: "Small network", what: "one hidden layer, for classes that no line divides; takes longer", ofNumbers: "one hidden layer, for what does not grow in a line; takes longer" },
  { id: "prototype", name: "Prototype", what: "nearest class mean, by the shared covariance; no iterations" },
  { id: "knn", name: "Nearest neighbours", what: `the most similar ${nouns} vote`, ofNumbers: `the mean of the most similar ${nouns}` },
  { id: "scratch", name: "Without the backbone", what: `learns from your ${nouns} alone; where the check below says that the backbone hurts` },
];

/** Those that learn several labels and numbers too. */
const ANY_KIND: readonly Head[] = ["linear", "mlp", "knn"];

/** Stands for no class in a list of classes; no class is called so. */
const NONE = "";

export function Train() {
  const classes = useStore((s) => s.classes);
  const kind = useStore((s) => s.kind);
  const curve = useStore((s) => s.curve);
  const result = useStore((s) => s.result);
  const stale = useStore(isStale);
  const collecting = useRunning("collect");
  const training = useRunning("train");
  // Two at a time would wait for each other, and the later one would be lost on the earlier one's end.
  const further = [useRunning("tune"), useRunning("adapt")].some((running) => running);
  const [wanted, setHead] = useState<Head>("linear");
  const [chosen, setNegative] = useState(NONE);
  const ready = isReady({ classes, kind });
  const heads = HEADS.filter(({ id }) => kind === "classes" || ANY_KIND.includes(id));
  const head = heads.some(({ id }) => id === wanted) ? wanted : "linear";
  const filled = classes.filter((c) => c.members.length > 0 && c.name !== "");
  // It may have been renamed or emptied since.
  const negative = kind === "classes" && filled.some((c) => c.name === chosen) ? chosen : NONE;
  // So that it is here when the button is pressed.
  useEffect(() => void (ready && load()), [ready]);
  return (
    <Panel id="train" title="Train">
      <div className="row">
        <Select value={head} onChange={(key) => setHead(key as Head)} className="head">
          <Label>Head</Label>
          <Button className="button quiet select">
            <SelectValue>{({ selectedText }) => selectedText}</SelectValue>
          </Button>
          <Popover className="popover">
            <ListBox className="menu">
              {heads.map(({ id, name, what, ofNumbers }) => (
                <ListBoxItem key={id} id={id} textValue={name} className="menu-item">
                  <strong>{name}</strong> <span className="soft">{kind === "numbers" ? (ofNumbers ?? what) : what}</span>
                </ListBoxItem>
              ))}
            </ListBox>
          </Popover>
        </Select>
        {kind === "classes" && (
          <Choose label="“None of these”" value={negative} choices={[[NONE, "no class"], ...filled.map(({ name }) => [name, name] as const)]} onChoose={setNegative} />
        )}
        {/* In a task of its own: a press has every picture in the collection look whether it shows its focus. */}
        <Button className="button" isDisabled={!ready || training || collecting || further} onPress={() => setTimeout(() => void train(head, negative === NONE ? null : negative))}>
          Train
        </Button>
      </div>
      {negative !== NONE && (
        <p className="note">
          {count(filled.find((c) => c.name === negative)!.members.length, noun)} of {negative} teach the model what is none of your kinds. Once trained, it says “none of these” to what looks like them.
        </p>
      )}
      <JobBar of="train">
        <p>{collecting ? `When the ${nouns} are in, you can train.` : note(classes, kind, result)}</p>
      </JobBar>
      {(training || curve.length > 1) && <TrainingCurve points={curve} kind={kind} />}
      {result && stale && !training && <p className="note warn">The {nouns} have changed since: train again to use them.</p>}
    </Panel>
  );
}

function note(classes: readonly Class[], kind: Kind, result: TrainResult | null): string {
  const filled = classes.filter((c) => c.members.length > 0 && c.name !== "");
  const samples = count(total({ classes: filled, kind }), noun);
  const numbered = total({ classes: filled, kind });
  if (kind === "numbers" && numbered < 2) return `Give two ${nouns} a number first. That is enough to begin; thirty with different numbers are better.`;
  if (kind === "numbers" && !result) return `${samples} with a number are ready.`;
  if (kind === "numbers" && result) return `${result.head} head, trained in ${result.seconds.toFixed(1)} s: ${result.reason}.`;
  if (filled.length > 1 && result) return `${result.head} head, trained in ${result.seconds.toFixed(1)} s: ${result.reason}.`;
  if (filled.length === 0) return `Collect ${task === "text" ? "texts of two kinds" : "pictures of two things"} first. One of each is enough to begin; eight of each are better.`;
  if (filled.length === 1) return `Every ${noun} is ${filled[0]!.name}: a second class is missing.`;
  return `${samples} ${kind === "labels" ? `with ${realNames(filled).length} labels` : `in ${filled.length} classes`} are ready.`;
}
