import type { Report } from "headstart";
import { ChartFigure } from "../parts/ChartFigure";
import { PlainTable } from "../parts/PlainTable";
import { nouns } from "../state/task";
import { percent } from "../state/words";

const load = () => import("../plots/reliability");

/** Whether the model is as often right as it is sure. */
export function Reliability({ report }: { report: Report }) {
  const { reliability } = report;
  return (
    <ChartFigure
      title="Can its confidence be believed?"
      name="reliability curve"
      data={reliability}
      load={load}
      table={
        <PlainTable
          name="Reliability by confidence"
          heads={["Confidence", "Right", `${nouns[0]!.toUpperCase()}${nouns.slice(1)}`]}
          rows={reliability.map((bin) => [percent(bin.confidence), percent(bin.accuracy), bin.count])}
        />
      }
    >
      <p>
        On the dashed line it is right exactly as often as it is sure; below the line it is too sure. {inWords(report)}
      </p>
    </ChartFigure>
  );
}

function inWords({ ece, eceCalibrated, temperature }: Report): string {
  const now = `Its confidence is ${points(ece)} off in the mean (expected calibration error)`;
  const divided = `dividing its raw scores by ${temperature.toFixed(2)} (a “temperature”) would make that ${points(eceCalibrated)}`;
  if (eceCalibrated >= ece) return `${now}, and no factor on its raw scores makes that better on samples the factor was not chosen by.`;
  if (temperature > 1.05) return `${now}: it is too sure of itself, and ${divided}.`;
  if (temperature < 0.95) return `${now}: it is less sure than it could be, and ${divided}.`;
  return `${now}. It is about as sure as it should be: ${divided}.`;
}

/** Of a hundred; "4 %" could be taken for 4 % of the confidence. */
function points(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} points`;
}
