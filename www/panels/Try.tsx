import { useState } from "react";
import { Button, DropZone } from "react-aria-components";
import { fromDrop } from "../intake/drop";
import type { Found } from "../intake/found";
import { ChooseFiles } from "../parts/ChooseFiles";
import { JobBar } from "../parts/JobBar";
import { Panel } from "../parts/Panel";
import { type Judged, tryAll, tryOn, useJudged } from "../state/predictions";
import { sampleToTry, useSampleSet } from "../state/sampleSet";
import { say, sentence, useRunning, useStore } from "../state/store";
import { count } from "../state/words";
import { Answer } from "./Answer";
import { Batch } from "./Batch";
import { Live } from "./Live";
import { Refuse } from "./Refuse";

export function Try() {
  const result = useStore((s) => s.result);
  const predicting = useRunning("batch");
  const { single, batch } = useJudged();
  const withSamples = useSampleSet((s) => s.used);
  const [live, setLive] = useState(false);
  const take = (found: Found[]) => {
    setLive(false);
    if (found.length === 0) say("There was no file in it.");
    else if (found.length === 1) void tryOn(found[0]!);
    else void tryAll(found);
  };
  if (!result) {
    return (
      <Panel id="try" title="Try">
        <p className="empty">Train first; then see here what a new picture is taken for: one, a whole folder, or what your webcam sees.</p>
      </Panel>
    );
  }
  return (
    <Panel id="try" title="Try">
      <DropZone className="drop small" aria-label="Drop or paste pictures to try" onDrop={(event) => void fromDrop(event.items).then(take, (error: unknown) => say(sentence(error)))}>
        <p>Drop pictures that were not used for training: one for an answer, a folder for a table.</p>
        <div className="row center">
          <ChooseFiles single onFound={take}>
            Choose a picture
          </ChooseFiles>
          <ChooseFiles folder quiet onFound={take}>
            Predict a folder
          </ChooseFiles>
          <Button className="button quiet" onPress={() => setLive(!live)}>
            {live ? "Webcam off" : "Webcam"}
          </Button>
          {withSamples && (
            <Button className="button quiet" onPress={() => void sampleToTry().then((found) => tryOn(found), (error: unknown) => say(sentence(error)))}>
              Another drawing
            </Button>
          )}
        </div>
      </DropZone>
      <Refuse />
      {live && <Live />}
      {!live && single && <Single judged={single} />}
      {(predicting || batch.length > 0) && <JobBar of="batch">{count(batch.length, "file")}, in the order they were given.</JobBar>}
      {batch.length > 0 && <Batch batch={batch} />}
    </Panel>
  );
}

function Single({ judged: { name, file, prediction, problem } }: { judged: Judged }) {
  if (!prediction) {
    return (
      <p role="alert" className="note">
        {name}: {problem}
      </p>
    );
  }
  return <Answer name={name} file={file!} prediction={prediction} />;
}
