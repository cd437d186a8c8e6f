import type { Interval, Report } from "headstart";
import type { ReactNode } from "react";
import { PlainTable } from "../parts/PlainTable";
import { percent, range } from "../state/words";

/** The numbers that are compared and quoted, each with what it means. */
export function Figures({ report }: { report: Report }) {
  const share = (name: string, of: Interval, what: string) => [measure(name, what), percent(of.value), <div key="interval" className="interval">{range(of)}</div>];
  const plain = (name: string, value: string, what: string) => [measure(name, what), value, ""];
  return (
    <PlainTable
      name="The report in figures"
      heads={["Measure", "Value", "95 % interval"]}
      rows={[
        share("Accuracy", report.accuracy, "how many were right"),
        share("Balanced accuracy", report.balancedAccuracy, "recall in the mean over classes: a small class counts as much as a large one"),
        share("Macro F1", report.macroF1, "precision and recall together, in the mean over classes"),
        plain("Log loss", report.logLoss.toFixed(3), "nats; 0 is sure and right, a coin’s toss between two 0.693"),
        plain("Brier score", report.brier.toFixed(3), "squared distance to the truth: 0 is best, 2 worst"),
        plain("Calibration error", percent(report.ece), "how far its confidence is from how often it is right"),
        plain("… after temperature", percent(report.eceCalibrated), `the same with one factor put right (${report.temperature.toFixed(2)})`),
      ]}
    />
  );
}

/** Its name, and for those who do not know it what it is. */
function measure(name: string, what: string): ReactNode {
  return (
    <div className="measure">
      {name} <span className="note">{what}</span>
    </div>
  );
}
