import type { Explanation, Prediction } from "headstart";
import { useEffect, useRef, useState } from "react";
import { explainedAs } from "../state/predictions";
import { learner, say, sentence } from "../state/store";

export interface Explained {
  readonly explanation: Explanation | null;
  readonly busy: boolean;
  readonly ask: () => void;
  readonly hide: () => void;
}

/** Why the model gave this answer, when someone wants to know. It goes with the answer. */
export function useExplained(question: Blob | string, answer: Prediction): Explained {
  const [made, setMade] = useState<{ to: Prediction; explanation: Explanation | null } | null>(null);
  const leaving = useRef<AbortController | null>(null);
  useEffect(() => () => leaving.current?.abort(), [answer]);
  // That of the answer before is not this one's.
  const mine = made?.to === answer ? made : null;
  const ask = () => {
    const leave = (leaving.current = new AbortController());
    setMade({ to: answer, explanation: null });
    learner()
      .explain(question, { signal: leave.signal })
      .then(
        (explanation) => {
          if (leave.signal.aborted) return;
          setMade({ to: answer, explanation });
          say(`Explained: why ${explainedAs(answer, explanation)}.`);
        },
        (error: unknown) => {
          if (leave.signal.aborted) return;
          setMade(null);
          say(sentence(error));
        },
      );
  };
  return { explanation: mine?.explanation ?? null, busy: mine !== null && mine.explanation === null, ask, hide: () => setMade(null) };
}
