import type { Interval, Report } from "headstart";
import { PlainTable } from "../parts/PlainTable";
import { percent, range } from "../state/words";

/** The numbers that are compared and quoted, each with what it means. */
export function Figures({ report }: { report: Report }) {
  const share = (name: string, of: Interval, what: string) => [name, percent(of.value), range(of), what];
  const plain = (name: string, value: string, what: string) => [name, value, "", what];
  return (
    <PlainTable
      name="The report in figures"
      wraps
      heads={["Measure", "Value", "95 % interval", "What it is"]}
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
