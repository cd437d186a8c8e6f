import { Button } from "react-aria-components";
import { JobBar } from "../parts/JobBar";
import { Panel } from "../parts/Panel";
import { evaluate } from "../state/model";
import { isStale, useRunning, useStore } from "../state/store";
import { nouns } from "../state/task";
import { count } from "../state/words";
import { OfNames } from "./OfNames";
import { OfNumbers } from "./OfNumbers";

export function Report() {
  const report = useStore((s) => s.report);
  const result = useStore((s) => s.result);
  const checking = useRunning("report");
  const unreported = useStore((s) => s.unreported);
  const inGroups = useStore((s) => s.inGroups);
  const adapted = useStore((s) => s.adapted);
  const stale = useStore(isStale);
  return (
    <Panel id="report" title="Report">
      {(checking || report) && (
        <JobBar of="report">{report && <p>{report.how}.</p>}</JobBar>
      )}
      {!report && !checking && (
        <div className="empty">
          {unreported ? <p className="note warn">{unreported}.</p> : <p>After training, this is how good the model is on {nouns} it was not shown.</p>}
          {result && (
            <Button className="button" onPress={() => void evaluate()}>
              Check it now
            </Button>
          )}
        </div>
      )}
      {report && (
        <>
          {stale && <p className="note warn">The {nouns} have changed since this report.</p>}
          {adapted && <p className="note warn">The model has been adapted to another domain since: this report is of the one before, on {nouns} like yours.</p>}
          {inGroups > 0 && (
            <p className="note">
              {count(inGroups, "picture")} came from the webcam in bursts: a burst is held out as a whole, because its pictures are almost the same.
            </p>
          )}
          {report.kind === "numbers" ? <OfNumbers report={report} /> : <OfNames report={report} />}
        </>
      )}
    </Panel>
  );
}
