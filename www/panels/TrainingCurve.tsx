import { ChartFigure } from "../parts/ChartFigure";
import { PlainTable } from "../parts/PlainTable";
import type { CurvePoint } from "../state/store";
import { nouns } from "../state/task";

// The chart library is most of the page's script; nobody needs it before the first training.
export const load = () => import("../plots/trainingCurve");

/** How the loss falls, while it falls. */
export function TrainingCurve({ points }: { points: readonly CurvePoint[] }) {
  return (
    <ChartFigure
      title="How it learnt"
      name="training curve"
      data={points}
      load={load}
      table={<PlainTable name="Log loss by step" heads={["Step", `Fitted ${nouns}`, `Held-out ${nouns}`]} rows={points.map(({ step, loss, guard }) => [step, nats(loss), nats(guard)])} />}
    >
      <p>
        Log loss while the strength of the regularisation is chosen, then in the final fit: <span className="key fitted">fitted {nouns}</span>, <span className="key held">held-out {nouns}</span>
      </p>
    </ChartFigure>
  );
}

function nats(loss: number | undefined): string {
  return loss === undefined ? "" : loss.toFixed(3);
}
