import { startTransition, useEffect, useState } from "react";

let line: Promise<void> = Promise.resolve();

/** One after another, a frame each. */
function turn(): Promise<void> {
  return (line = line.then(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))));
}

/**
 * Counts from 0 to `last`, one a frame, and waits its turn among all that count: what is heavy to draw is drawn in parts,
 * so that it never holds the page for longer than a person fails to notice.
 */
export function useStages(last: number): number {
  const [stage, setStage] = useState(0);
  useEffect(() => {
    if (stage === last) return undefined;
    let gone = false;
    // A transition: React may draw the part itself in pieces.
    void turn().then(() => gone || startTransition(() => setStage(stage + 1)));
    return () => {
      gone = true;
    };
  }, [stage, last]);
  return stage;
}
