import { Button } from "react-aria-components";
import { Check } from "../parts/Check";
import { JobBar } from "../parts/JobBar";
import { adapt, aim, usable, useAdaptation } from "../state/adaptation";
import { realNames, useRunning, useStore } from "../state/store";
import { noun, nouns, task } from "../state/task";
import { count } from "../state/words";
import { Adapted } from "./Adapted";
import { TargetPictures } from "./TargetPictures";
import { TargetTexts } from "./TargetTexts";

/** With fewer samples nothing can be said of a domain. */
const LEAST = 10;

/** Making the model suit where it will be used. */
export function Adapt() {
  const { target, report, problem } = useAdaptation();
  const kind = useStore((s) => s.kind);
  const busy = [useRunning("adapt"), useRunning("tune"), useRunning("train"), useRunning("collect")].some((running) => running);
  const Target = task === "text" ? TargetTexts : TargetPictures;
  return (
    <section className="way" aria-labelledby="adapt-title">
      <h3 id="adapt-title">Adapt to another domain</h3>
      <p className="soft">
        Will it be used on {nouns} unlike these: {task === "text" ? "another language, another shop’s reviews" : "another camera, sketches for photographs"}? Bring {LEAST} or more from there; they need no labels, and are not added to yours. How different
        they are is measured, and the model is changed only where that is likely to help.
      </p>
      {kind !== "classes" ? (
        <p className="note">This is there for {nouns} with one class each.</p>
      ) : (
        <>
          <Target onTarget={aim} isDisabled={busy} />
          <div className="row">
            {target.length > 0 && <Chosen />}
            <Button className="button" isDisabled={busy || target.length === 0} onPress={() => void adapt()}>
              Adapt
            </Button>
            <JobBar of="adapt">{target.length === 0 && <p>Bring {nouns} from there first.</p>}</JobBar>
          </div>
          {problem && (
            <p role="alert" className="note warn">
              {problem}.{target.length < LEAST && ` Bring more ${nouns} from there.`}
            </p>
          )}
          {report && <Adapted report={report} />}
        </>
      )}
    </section>
  );
}

/** What was chosen, and whether labels that came with it may be used. */
function Chosen() {
  const { target, labels } = useAdaptation();
  const classes = useStore((s) => s.classes);
  const found = [...usable(target, realNames(classes))];
  const n = found.reduce((sum, [, n]) => sum + n, 0);
  return (
    <div className="chosen">
      <p>
        <strong>{count(target.length, noun)}</strong> from there.{" "}
        {n === 0 && <span className="soft">None has a label that is one of your classes.</span>}
      </p>
      {n > 0 && (
        <Check isSelected={labels} onChange={(labels) => useAdaptation.setState({ labels })}>
          Use the labels that are there: {found.slice(0, 4).map(([name, n]) => `${name} ${n.toLocaleString("en")}`).join(", ")}
          {found.length > 4 ? ", …" : ""}
        </Check>
      )}
    </div>
  );
}
