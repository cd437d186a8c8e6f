import type { ReactNode } from "react";

/** The numbers behind a chart, for those who would rather read them. */
export function AsTable({ children }: { children: ReactNode }) {
  return (
    <details className="as-table">
      <summary>Show as table</summary>
      {children}
    </details>
  );
}
