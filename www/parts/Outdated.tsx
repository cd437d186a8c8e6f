import type { ReactNode } from "react";
import { type Made, useStore } from "../state/store";
import { nouns } from "../state/task";

/** Says that what is shown was made before something changed. `children`: what follows from it, where the samples are what did. */
export function Outdated({ made, of, children }: { made: Made | null; of: string; children?: ReactNode }) {
  const revision = useStore((s) => s.revision);
  const backbone = useStore((s) => s.backbone);
  if (!made) return null;
  return (
    <>
      {revision !== made.revision && (
        <p className="note warn">
          The {nouns} have changed since {of}. {children}
        </p>
      )}
      {backbone !== made.backbone && <p className="note warn">The backbone has changed since {of}: it was made with the one before.</p>}
    </>
  );
}
