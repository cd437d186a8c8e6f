import type { Report } from "headstart";
import { useState } from "react";
import { PlainTable } from "../parts/PlainTable";
import { useStages } from "../parts/useStages";
import { noun, nouns, task } from "../state/task";
import { percent, range } from "../state/words";
import { Bill } from "./Bill";
import { CellSamples } from "./CellSamples";
import { Confusion } from "./Confusion";
import { Figures } from "./Figures";
import { LearningCurve } from "./LearningCurve";
import { Reliability } from "./Reliability";
import { Slices } from "./Slices";

/** The report on classes, or on labels of which a sample may have several: then nothing is confused with one other thing. */
export function OfNames({ report }: { report: Report }) {
  const [cell, setCell] = useState<{ of: Report; truth: number; called: number } | null>(null);
  return (
    <>
      <Headline report={report} />
      <div className="tables">
        <div>
          {report.kind === "classes" && (
            <>
              <h3>Confusion: rows are what a {noun} is, columns what it was called</h3>
              <Confusion report={report} onOpen={(truth, called) => setCell({ of: report, truth, called })} />
              <p className="note">Press a number to see the {nouns}.</p>
            </>
          )}
          <h3>{report.kind === "classes" ? "By class" : "By label"}</h3>
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
  );
}

function Headline({ report: { kind, accuracy, baselines } }: { report: Report }) {
  return (
    <p className="headline">
      <strong>{percent(accuracy.value)}</strong> of {nouns} it had not seen {kind === "classes" ? "were right" : "had every label right"} (95 % interval {range(accuracy)}). Always{" "}
      {kind === "classes" ? "guessing the largest class" : "saying the commonest labels"}: {percent(baselines.majority)}.
    </p>
  );
}

/** One part a frame: all of them at once hold the page for longer than 50 ms. */
function Details({ report }: { report: Report }) {
  const stage = useStages(4);
  return (
    <>
      <div className="figures">
        {stage > 0 && <Reliability report={report} />}
        {stage > 1 && <LearningCurve report={report} />}
      </div>
      <div className="tables">
        {stage > 2 && <Slices slices={report.slices} />}
        {stage > 3 && <Bill bill={report.bill} />}
      </div>
    </>
  );
}

function PerClass({ report: { kind, perClass } }: { report: Report }) {
  const ranked = kind === "labels";
  return (
    <PlainTable
      name={ranked ? "Results by label" : "Results by class"}
      heads={[ranked ? "Label" : "Class", task === "text" ? "Texts" : "Pictures", "Precision", "Recall", "F1", ...(ranked ? ["Average precision"] : [])]}
      rows={perClass.map((c) => [
        c.label,
        c.support,
        <span key="precision" title={range(c.precision)}>
          {percent(c.precision.value)}
        </span>,
        <span key="recall" title={range(c.recall)}>
          {percent(c.recall.value)}
        </span>,
        percent(c.f1),
        ...(ranked ? [c.averagePrecision === undefined ? "" : percent(c.averagePrecision)] : []),
      ])}
    />
  );
}
