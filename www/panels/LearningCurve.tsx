import type { Interval, Report } from "headstart";
import { useMemo } from "react";
import { ChartFigure } from "../parts/ChartFigure";
import { PlainTable } from "../parts/PlainTable";
import { nouns } from "../state/task";
import { percent, range } from "../state/words";

const load = () => import("../plots/learningCurve");

/** Whether more samples are worth the work. */
export function LearningCurve({ report: { learningCurve, forecast } }: { report: Report }) {
  const data = useMemo(() => ({ points: learningCurve, doubled: forecast?.doubled }), [learningCurve, forecast]);
  if (learningCurve.length < 2) return null;
  return (
    <ChartFigure title="Would more help?" name="learning curve" data={data} load={load} table={<Numbers {...data} more={forecast?.more ?? []} />}>
      <p>
        How much was right when it learnt from fewer {nouns}; the bars are 95 % intervals.{" "}
        {forecast && "Dashed: what twice as many of every class are likely to bring."}
      </p>
      <p className="verdict">{forecast ? forecast.sentence : "The curve is too uneven to say what more would bring."}</p>
    </ChartFigure>
  );
}

type Point = Report["learningCurve"][number];

function Numbers({ points, doubled, more }: { points: readonly Point[]; doubled: Point | undefined; more: readonly { label: string; gain: Interval }[] }) {
  const row = ({ perClass, accuracy }: Point, how: string) => [perClass.toFixed(0), percent(accuracy.value), range(accuracy), how];
  return (
    <>
      <PlainTable
        name="Accuracy by samples of each class"
        heads={["Of each class", "Right", "95 % interval", "How"]}
        rows={[...points.map((p) => row(p, "measured")), ...(doubled ? [row(doubled, "forecast")] : [])]}
      />
      {more.length > 0 && (
        <PlainTable
          name="What 20 more of one class would add"
          heads={["20 more of", "Adds to the accuracy", "95 % interval"]}
          rows={more.map(({ label, gain }) => [label, percent(gain.value), range(gain)])}
        />
      )}
    </>
  );
}
