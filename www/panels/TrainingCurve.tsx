import { useMemo } from "react";
import { ChartFigure } from "../parts/ChartFigure";
import { PlainTable } from "../parts/PlainTable";
import type { Kind } from "../state/labels";
import type { CurvePoint } from "../state/store";
import { nouns } from "../state/task";

// The chart library is most of the page's script; nobody needs it before the first training.
export const load = () => import("../plots/trainingCurve");

/** How the loss falls, while it falls. */
export function TrainingCurve({ points, kind }: { points: readonly CurvePoint[]; kind: Kind }) {
  const loss = kind === "numbers" ? "Squared error" : "Log loss";
  const data = useMemo(() => ({ points, loss, unit: kind === "numbers" ? "" : ", nats" }), [points, loss, kind]);
  return (
    <ChartFigure
      title="How it learnt"
      name="training curve"
      data={data}
      load={load}
      table={<PlainTable name={`${loss} by step`} heads={["Step", `Fitted ${nouns}`, `Held-out ${nouns}`]} rows={points.map(({ step, loss, guard }) => [step, nats(loss), nats(guard)])} />}
    >
      <p>
        {loss} while the strength of the regularisation is chosen, then in the final fit: <span className="key fitted">fitted {nouns}</span>, <span className="key held">held-out {nouns}</span>
      </p>
    </ChartFigure>
  );
}

function nats(loss: number | undefined): string {
  return loss === undefined ? "" : loss.toFixed(3);
}
