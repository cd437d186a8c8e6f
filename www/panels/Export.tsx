import { useState } from "react";
import { Button } from "react-aria-components";
import { Check } from "../parts/Check";
import { JobBar } from "../parts/JobBar";
import { Panel } from "../parts/Panel";
import { type Format, saveModel, useExports } from "../state/exports";
import { isStale, useRunning, useStore } from "../state/store";
import { nouns } from "../state/task";

const FORMATS: readonly { format: Format; title: string; what: string }[] = [
  { format: "html", title: "A page", what: "One file that opens in any browser, offline, and answers as this page does." },
  { format: "onnx", title: "ONNX", what: "For onnxruntime in Python, C++, C#, Java, on telephones." },
  { format: "safetensors", title: "safetensors", what: "For PyTorch, for headstart/predict in a web page or Node, and for headstart in the shell." },
];

/** The model as files for other programs, each of which can prove that it is the same model. */
export function Export() {
  const result = useStore((s) => s.result);
  const stale = useStore(isStale);
  const running = useRunning("export");
  const problem = useExports((s) => s.problem);
  const [own, setOwn] = useState(false);
  return (
    <Panel id="export" title="Use the model elsewhere">
      {!result && <p className="empty">After training, the model can leave this page as a file: as a page of its own, for Python, for your app.</p>}
      {result && (
        <>
          {stale && <p className="note warn">The {nouns} have changed since training: the file has the model from before.</p>}
          <ul className="formats">
            {FORMATS.map(({ format, title, what }) => (
              <li key={format}>
                <h3>{title}</h3>
                <p className="note">{what}</p>
                <Button className="button quiet" isDisabled={running} onPress={() => void saveModel(format, own)}>
                  Save .{format}
                </Button>
              </li>
            ))}
          </ul>
          <Check isSelected={own} onChange={setOwn}>
            Put 16 of my own {nouns} in, to check it by
          </Check>
          <JobBar of="export">
            <p>
              Every file has 16 inputs in it with the answers that this page gives, so that whoever opens it can check that it is the same model.{" "}
              {own ? `They are of your own ${nouns}: whoever gets the file can see them.` : `They are made up: none of your ${nouns} is in the file.`}
            </p>
          </JobBar>
          {problem && (
            <p className="note warn" role="alert">
              {problem}
            </p>
          )}
        </>
      )}
    </Panel>
  );
}
