import { ChartFigure } from "../parts/ChartFigure";
import { PlainTable } from "../parts/PlainTable";
import { nouns } from "../state/task";
import { type TunePoint, byPart, useTuning } from "../state/tuning";

const load = () => import("../plots/tuningCurve");

/** How the losses of all trainings fall, while they fall. */
export function TuningCurve({ points }: { points: readonly TunePoint[] }) {
  const blind = useTuning((s) => s.blind);
  return (
    <ChartFigure
      title="How it is tuned"
      name="tuning curve"
      data={points}
      load={load}
      table={<PlainTable name="Loss by update" heads={["Training", "Update", `Fitted ${nouns}`, `Held-out ${nouns}`]} rows={byPart(points).flatMap(([, of]) => of).map(({ step, part, loss, guard }) => [part, step, loss?.toFixed(3), guard?.toFixed(3)])} />}
    >
      {blind ? (
        <p>
          Loss of telling a text, of which a part is left out, from the others by another part of it: <span className="key fitted">fitted {nouns}</span>.
        </p>
      ) : (
        <p>
          Loss in each training, and after each pass on those that it does not see: <span className="key fitted">fitted {nouns}</span>, <span className="key held">held-out {nouns}</span>. The number is the guard’s part.
        </p>
      )}
    </ChartFigure>
  );
}
