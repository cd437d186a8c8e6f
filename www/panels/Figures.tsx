import type { Interval, Report } from "headstart";
import { PlainTable } from "../parts/PlainTable";
import { percent, range } from "../state/words";
import { Measure } from "./Measure";

/** The numbers that are compared and quoted, each with what it means. */
export function Figures({ report }: { report: Report }) {
  const share = (name: string, of: Interval, what: string) => [<Measure key="measure" name={name} what={what} />, percent(of.value), <div key="interval" className="interval">{range(of)}</div>];
  const plain = (name: string, value: string, what: string) => [<Measure key="measure" name={name} what={what} />, value, ""];
  const several = report.kind === "labels";
  return (
    <PlainTable
      name="The report in figures"
      heads={["Measure", "Value", "95 % interval"]}
      rows={[
        share("Accuracy", report.accuracy, several ? "how many had every label right" : "how many were right"),
        share("Balanced accuracy", report.balancedAccuracy, several ? "how often a label was right, those with it and those without counting the same" : "recall in the mean over classes: a small class counts as much as a large one"),
        share("Macro F1", report.macroF1, `precision and recall together, in the mean over ${several ? "labels" : "classes"}`),
        ...(report.microF1 ? [share("Micro F1", report.microF1, "the same of all calls together")] : []),
        ...(report.meanAveragePrecision ? [share("Mean average precision", report.meanAveragePrecision, "how well each label ranks those that have it before the others")] : []),
        plain("Log loss", report.logLoss.toFixed(3), "nats; 0 is sure and right, a coin’s toss between two 0.693"),
        plain("Brier score", report.brier.toFixed(3), several ? "squared distance to the truth, summed over labels: 0 is best" : "squared distance to the truth: 0 is best, 2 worst"),
        plain("Calibration error", percent(report.ece), "how far its confidence is from how often it is right"),
        plain("… after temperature", percent(report.eceCalibrated), `the same with one factor put right (${report.temperature.toFixed(2)})`),
      ]}
    />
  );
}
