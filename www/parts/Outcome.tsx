import type { ReactNode } from "react";

interface Props {
  kept: boolean;
  /** What became of it, in two words. */
  called: string;
  children: ReactNode;
}

/** Whether something was kept: by its sign, its words and its frame, and only then by its colour. */
export function Outcome({ kept, called, children }: Props) {
  return (
    <div className={kept ? "outcome kept" : "outcome"}>
      <p className="became">
        <span aria-hidden="true">{kept ? "✓" : "↩"}</span> {called}
      </p>
      {children}
    </div>
  );
}
