import type { TuneGuard } from "headstart";
import { useMemo } from "react";
import { ChartFigure } from "../parts/ChartFigure";
import { PlainTable } from "../parts/PlainTable";
import { nouns } from "../state/task";
import { percent, points } from "../state/words";

const load = () => import("../plots/beforeAfter");

/** Of more lines in its height none could be read. */
const SHOWN = 10;
const TITLE = "Before and after, by class";

type Row = TuneGuard["perClass"][number];

/** Who gains and who pays for it. */
export function ByClass({ rows }: { rows: readonly Row[] }) {
  const shown = useMemo(() => {
    if (rows.length <= SHOWN) return rows;
    const most = new Set([...rows].sort((a, b) => change(b) - change(a)).slice(0, SHOWN));
    return rows.filter((row) => most.has(row));
  }, [rows]);
  return (
    <ChartFigure
      title={TITLE}
      name="change by class"
      data={shown}
      load={load}
      table={
        <PlainTable
          name={TITLE}
          heads={["Class", `Held-out ${nouns}`, "Before", "After", "Points"]}
          rows={rows.map(({ label, support, before, after }) => [label, support, percent(before), percent(after), points(after - before)])}
        />
      }
    >
      <p>
        Held-out {nouns} of each class that were right: <span className="key held">open, before</span>; <span className="key fitted">full, after</span>.
        {rows.length > SHOWN && ` The ${SHOWN} that changed most; the table has all ${rows.length}.`}
      </p>
    </ChartFigure>
  );
}

/** The room of it, while nobody knows yet. */
export function ByClassToCome() {
  return (
    <div className="figure">
      <h3>{TITLE}</h3>
      <div className="plot to-come">
        <p className="note">Here, when the guard has seen all its parts.</p>
      </div>
    </div>
  );
}

function change({ before, after }: Row): number {
  return Math.abs(after - before);
}
