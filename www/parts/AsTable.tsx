import { type ReactNode, useState } from "react";

/** The numbers behind a chart, for those who would rather read them; drawn when they are asked for. */
export function AsTable({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Show as table</summary>
      {open && <div className="numbers">{children}</div>}
    </details>
  );
}
