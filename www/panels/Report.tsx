import type { Report as ReportData } from "headstart";
import { useState } from "react";
import { Button } from "react-aria-components";
import { JobBar } from "../parts/JobBar";
import { Panel } from "../parts/Panel";
import { PlainTable } from "../parts/PlainTable";
import { useStages } from "../parts/useStages";
import { evaluate } from "../state/model";
import { isStale, useRunning, useStore } from "../state/store";
import { noun, nouns, task } from "../state/task";
import { count, percent, range } from "../state/words";
import { Bill } from "./Bill";
import { CellSamples } from "./CellSamples";
import { Confusion } from "./Confusion";
import { Figures } from "./Figures";
import { LearningCurve } from "./LearningCurve";
import { Reliability } from "./Reliability";
import { Slices } from "./Slices";

export function Report() {
  const report = useStore((s) => s.report);
  const result = useStore((s) => s.result);
  const checking = useRunning("report");
  const unreported = useStore((s) => s.unreported);
  const inGroups = useStore((s) => s.inGroups);
  const stale = useStore(isStale);
  const [cell, setCell] = useState<{ of: ReportData; truth: number; called: number } | null>(null);
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
          <Headline report={report} />
          {stale && <p className="note warn">The {nouns} have changed since this report.</p>}
          {inGroups > 0 && (
            <p className="note">
              {count(inGroups, "picture")} came from the webcam in bursts: a burst is held out as a whole, because its pictures are almost the same.
            </p>
          )}
          <div className="tables">
            <div>
              <h3>Confusion: rows are what a {noun} is, columns what it was called</h3>
              <Confusion report={report} onOpen={(truth, called) => setCell({ of: report, truth, called })} />
              <p className="note">Press a number to see the {nouns}.</p>
              <h3>By class</h3>
              <PerClass report={report} />
            </div>
            <div>
              <h3>In figures</h3>
              <Figures report={report} />
            </div>
          </div>
          <Details report={report} />
          {/* The cell of an earlier report may not exist in this one. */}
          {cell?.of === report && <CellSamples report={report} truth={cell.truth} called={cell.called} onClose={() => setCell(null)} />}
        </>
      )}
    </Panel>
  );
}

function Headline({ report }: { report: ReportData }) {
  return (
    <p className="headline">
      <strong>{percent(report.accuracy.value)}</strong> of {nouns} it had not seen were right (95 % interval {range(report.accuracy)}). Always
      guessing the largest class: {percent(report.baselines.majority)}.
    </p>
  );
}

/** One part a frame: all of them at once hold the page for longer than 50 ms. */
function Details({ report }: { report: ReportData }) {
  const stage = useStages(4);
  return (
    <>
      <div className="figures">
        {stage > 0 && <Reliability report={report} />}
        {stage > 1 && <LearningCurve report={report} />}
      </div>
      <div className="tables">
        {stage > 2 && <Slices report={report} />}
        {stage > 3 && <Bill bill={report.bill} />}
      </div>
    </>
  );
}

function PerClass({ report }: { report: ReportData }) {
  return (
    <PlainTable
      name="Results by class"
      heads={["Class", task === "text" ? "Texts" : "Pictures", "Precision", "Recall", "F1"]}
      rows={report.perClass.map((c) => [
        c.label,
        c.support,
        <span key="precision" title={range(c.precision)}>
          {percent(c.precision.value)}
        </span>,
        <span key="recall" title={range(c.recall)}>
          {percent(c.recall.value)}
        </span>,
        percent(c.f1),
      ])}
    />
  );
}
