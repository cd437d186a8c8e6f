import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import type { CurvePoint } from "../state/store";

/** Loss over the steps of a training. */
export default function Curve({ points }: { points: readonly CurvePoint[] }) {
  return (
    <div className="chart">
      <ResponsiveContainer>
        <LineChart data={points as CurvePoint[]} margin={{ top: 8, right: 8, bottom: 4, left: -12 }} accessibilityLayer>
          <CartesianGrid stroke="var(--line)" vertical={false} />
          <XAxis dataKey="step" type="number" domain={["dataMin", "dataMax"]} stroke="var(--soft)" tickLine={false} />
          <YAxis stroke="var(--soft)" tickLine={false} width={56} tickFormatter={(v: number) => v.toPrecision(2)} />
          <Tooltip
            formatter={(v) => Number(v).toFixed(4)}
            labelFormatter={(step) => `step ${step}`}
            contentStyle={{ background: "var(--card)", borderColor: "var(--line)" }}
          />
          <Legend />
          <Line name="fitted pictures" dataKey="loss" stroke="var(--accent)" dot={false} isAnimationActive={false} connectNulls />
          <Line name="held-out pictures" dataKey="guard" stroke="var(--second)" strokeDasharray="5 3" dot={{ r: 2 }} isAnimationActive={false} connectNulls />
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}
