import type { Interval, NumberReport } from "headstart";
import { useMemo, useState } from "react";
import { Button } from "react-aria-components";
import { ChartFigure } from "../parts/ChartFigure";
import { PlainTable } from "../parts/PlainTable";
import { Window } from "../parts/Window";
import { useStages } from "../parts/useStages";
import { figure, shown } from "../state/labels";
import { noun, nouns } from "../state/task";
import { count } from "../state/words";
import { Bill } from "./Bill";
import { Measure } from "./Measure";
import { PickedSamples } from "./PickedSamples";
import { Slices } from "./Slices";

/** So many of the worst are enough to see what is wrong with them. */
const WORST = 20;

const load = () => import("../plots/said");

/** The report on numbers: how far off. */
export function OfNumbers({ report }: { report: NumberReport }) {
  const { mae, rmse, r2, baselines, predictions, learningCurve } = report;
  const stage = useStages(2);
  const [looking, setLooking] = useState(false);
  const byError = useMemo(() => [...predictions].sort((a, b) => error(b) - error(a)), [predictions]);
  return (
    <>
      <p className="headline">
        <strong>± {figure(mae.value)}</strong> is how far off it is in the mean, on {nouns} it had not seen (95 % interval {between(mae)}). Always answering the median: ± {figure(baselines.median)}.
      </p>
      <div className="tables">
        <div>
          <h3>In figures</h3>
          <PlainTable
            name="The report in figures"
            heads={["Measure", "Value", "95 % interval"]}
            rows={[
              row("Mean absolute error", mae, "how far off, in the unit of your numbers"),
              row("Root mean squared error", rmse, "the same, with large errors counting more"),
              row("R²", r2, "part of the differences that is explained: at most 1; below 0 is worse than the mean"),
            ]}
          />
        </div>
        {learningCurve.length > 1 && (
          <div>
            <h3>Would more help?</h3>
            <PlainTable name={`Error by ${nouns}`} heads={[`${noun[0]!.toUpperCase()}${nouns.slice(1)}`, "Mean error", "95 % interval"]} rows={learningCurve.map((point) => [point.perClass.toFixed(0), figure(point.mae.value), between(point.mae)])} />
          </div>
        )}
      </div>
      {stage > 0 && (
        <ChartFigure
          title="What it said, and what was true"
          name="predictions"
          data={predictions}
          load={load}
          table={<PlainTable name="Predictions of held-out samples, the farthest off first" heads={["Said", "True", "Off"]} rows={byError.map((one) => [figure(one.predicted), shown(one.truth), figure(error(one))])} />}
        >
          <p>A dot for each {noun}, by a model that had not seen it. On the dashed line it would be right.</p>
        </ChartFigure>
      )}
      {stage > 0 && (
        <div className="row">
          <Button className="button quiet small" onPress={() => setLooking(true)}>
            Look at those it was farthest off
          </Button>
        </div>
      )}
      {looking && (
        <Window title={`The ${count(Math.min(WORST, byError.length), noun)} that it was farthest off, the worst first`} wide onClose={() => setLooking(false)}>
          <PickedSamples name="Farthest off" ids={byError.slice(0, WORST).map(({ id }) => id)} onClose={() => setLooking(false)} />
        </Window>
      )}
      <div className="tables">
        {stage > 1 && <Slices slices={report.slices} />}
        {stage > 1 && <Bill bill={report.bill} />}
      </div>
    </>
  );
}

function row(name: string, of: Interval, what: string) {
  return [<Measure key={name} name={name} what={what} />, figure(of.value), between(of)];
}

function error({ truth, predicted }: NumberReport["predictions"][number]): number {
  return Math.abs(truth - predicted);
}

function between({ low, high }: Interval): string {
  return `${figure(low)} to ${figure(high)}`;
}
