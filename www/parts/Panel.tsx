import type { ReactNode } from "react";
import { ErrorBoundary } from "./ErrorBoundary";

/** A place on the page: the navigation leads to it by its id. */
export function Panel({ id, title, aside, children }: { id: string; title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section id={id} className="panel" aria-labelledby={`${id}-title`} tabIndex={-1}>
      <header className="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </header>
      <ErrorBoundary>{children}</ErrorBoundary>
    </section>
  );
}
