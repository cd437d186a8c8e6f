import type { ReactNode } from "react";
import { Button, Label, ProgressBar } from "react-aria-components";
import { type State, useStore } from "../state/store";
import { left } from "../state/words";

/** A running job: how far, how long still, and Stop. While nothing runs its room is a note's, so that nothing jumps. */
export function JobBar({ of, children }: { of: keyof State["jobs"]; children?: ReactNode }) {
  // Asked for here, so that ten times a second this is drawn and nothing around it.
  const job = useStore((s) => s.jobs[of]);
  if (!job) return <div className="job note">{children}</div>;
  const { title, done, total } = job;
  return (
    <div className="job">
      <ProgressBar value={done} maxValue={total || 1} isIndeterminate={total === 0} className="progress">
        {({ percentage }) => (
          <>
            <Label>{title}</Label>
            <span className="soft">{total > 0 ? `${done} of ${total}${done > 0 ? `, ${left(job)}` : ""}` : "starting"}</span>
            <span className="track">
              <span className={total === 0 ? "fill unknown" : "fill"} style={{ inlineSize: `${total === 0 ? 100 : percentage}%` }} />
            </span>
          </>
        )}
      </ProgressBar>
      <Button className="button quiet small" onPress={job.stop}>
        Stop
      </Button>
    </div>
  );
}
