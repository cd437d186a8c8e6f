import type { Prediction } from "headstart";
import { useEffect, useState } from "react";
import { Button, Label, TextArea, TextField } from "react-aria-components";
import { TABLE_FILES } from "../intake/table";
import { ChooseFiles } from "../parts/ChooseFiles";
import { JobBar } from "../parts/JobBar";
import { Panel } from "../parts/Panel";
import { useExplained } from "../parts/useExplained";
import { textOf } from "../state/contents";
import { inWords, rejection, tryAll, useJudged, useRefuse } from "../state/predictions";
import { sentenceToTry, useSampleSet } from "../state/sampleSet";
import { labelOf } from "../state/classes";
import { get, learner, say, sentence, set, useRunning, useStore } from "../state/store";
import { useTables } from "../state/tables";
import { count } from "../state/words";
import { Scores } from "./Answer";
import { Batch } from "./Batch";
import { ImportTable } from "./ImportTable";
import { Refuse } from "./Refuse";
import { Why } from "./Why";

/** Milliseconds after the last key. */
const PAUSE = 250;

export function TryText() {
  const result = useStore((s) => s.result);
  const predicting = useRunning("batch");
  const batch = useJudged((s) => s.batch);
  const withSamples = useSampleSet((s) => s.used);
  const [text, setText] = useState("");
  const tables = useTables();
  if (!result) {
    return (
      <Panel id="try" title="Try">
        <p className="empty">Train first; then type here and see what a new text is taken for, or predict a whole table.</p>
      </Panel>
    );
  }
  const [first] = tables.waiting;
  return (
    <Panel id="try" title="Try">
      <TextField value={text} onChange={setText} className="field">
        <Label>A text that was not used for training</Label>
        <TextArea rows={3} />
      </TextField>
      <div className="row">
        {withSamples && (
          <Button className="button quiet" onPress={() => setText(sentenceToTry())}>
            Another sentence
          </Button>
        )}
        <ChooseFiles accept={TABLE_FILES} quiet onFound={(found) => void tables.askFor(found)}>
          Predict a table
        </ChooseFiles>
      </div>
      <Refuse />
      {text.trim() !== "" && <Said text={text} />}
      {(predicting || batch.length > 0) && <JobBar of="batch">{count(batch.length, "text")}, in the order they were given.</JobBar>}
      {batch.length > 0 && <Batch batch={batch} />}
      {first && (
        <ImportTable
          key={first.id}
          source={first}
          verb="Predict"
          waiting={tables.waiting.length - 1}
          onTexts={(samples, left) => {
            set({ problems: [...get().problems, ...left] });
            void tryAll(samples.map(({ data }) => ({ path: data, open: async () => data })));
          }}
          onClose={tables.next}
          onCloseAll={tables.none}
        />
      )}
    </Panel>
  );
}

/** What the model says, a moment after the last key. */
function Said({ text }: { text: string }) {
  const result = useStore((s) => s.result);
  const refusing = useRefuse((s) => s.on);
  const [answer, setAnswer] = useState<{ to: string; prediction: Prediction } | null>(null);
  useEffect(() => {
    const leave = new AbortController();
    const timer = setTimeout(() => {
      learner()
        .predict([text], { signal: leave.signal, ...rejection() })
        .then(
          ([prediction]) => {
            setAnswer({ to: text, prediction: prediction! });
            say(`This text: ${inWords(prediction!)}.`);
          },
          (error: unknown) => !leave.signal.aborted && say(sentence(error)),
        );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      leave.abort();
    };
    // The answer of a new model is another.
  }, [text, result, refusing]);
  return answer && <Answered text={answer.to} prediction={answer.prediction} />;
}

function Answered({ text, prediction }: { text: string; prediction: Prediction }) {
  const explained = useExplained(text, prediction);
  return (
    <div className="answer">
      <Scores prediction={prediction} />
      <Why explained={explained} answer={prediction} text={text} />
      {!explained.explanation && <NearestTexts ids={prediction.nearest} />}
    </div>
  );
}

function NearestTexts({ ids }: { ids: readonly string[] }) {
  const here = ids.filter((id) => textOf(id) !== undefined);
  if (here.length === 0) return null;
  return (
    <div className="nearest">
      <p className="note">Most like it among the training texts:</p>
      <ul>
        {here.map((id) => (
          <li key={id}>
            {textOf(id)} <span className="soft">{labelOf(id)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
