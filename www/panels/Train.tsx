import { lazy, Suspense, useState } from "react";
import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";
import { JobBar } from "../parts/JobBar";
import { Panel } from "../parts/Panel";
import { type Head, train } from "../state/model";
import { type State, useStore } from "../state/store";
import { count } from "../state/words";

// The chart library is most of the page's script; nobody needs it before the first training.
const Curve = lazy(() => import("../parts/Curve"));

const HEADS: { id: Head; name: string; what: string }[] = [
  { id: "linear", name: "Linear", what: "logistic regression; the best choice as a rule" },
  { id: "prototype", name: "Prototype", what: "nearest class mean; for very few pictures" },
  { id: "knn", name: "Nearest neighbours", what: "the most similar pictures vote" },
];

export function Train() {
  const state = useStore();
  const [head, setHead] = useState<Head>("linear");
  const { jobs, curve, result, stale } = state;
  const ready = state.classes.filter((c) => c.pictures.length > 0).length >= 2;
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
              {HEADS.map(({ id, name, what }) => (
                <ListBoxItem key={id} id={id} textValue={name} className="menu-item">
                  <strong>{name}</strong> <span className="soft">{what}</span>
                </ListBoxItem>
              ))}
            </ListBox>
          </Popover>
        </Select>
        <Button className="button" isDisabled={!ready || jobs.train !== undefined || jobs.collect !== undefined} onPress={() => void train(head)}>
          Train
        </Button>
      </div>
      <JobBar job={jobs.train}>
        <p>{note(state)}</p>
      </JobBar>
      {curve.length > 1 && (
        <figure className="curve">
          <figcaption>Log loss (nats) while the strength of the regularisation is chosen, then the final fit</figcaption>
          <Suspense fallback={<div className="chart" />}>
            <Curve points={curve} />
          </Suspense>
        </figure>
      )}
      {result && stale && !jobs.train && <p className="note warn">The pictures have changed since: train again to use them.</p>}
    </Panel>
  );
}

function note({ classes, result, jobs }: State): string {
  const filled = classes.filter((c) => c.pictures.length > 0);
  const total = filled.reduce((n, c) => n + c.pictures.length, 0);
  if (jobs.collect) return "When the pictures are in, you can train.";
  if (result) return `${result.head} head, trained in ${result.seconds.toFixed(1)} s: ${result.reason}.`;
  if (filled.length === 0) return "Collect pictures of two things first. A picture of each is enough to begin; eight of each are better.";
  if (filled.length === 1) return `Every picture is ${filled[0]!.name}: a second class is missing.`;
  return `${count(total, "picture")} in ${filled.length} classes are ready.`;
}
