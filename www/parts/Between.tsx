import type { ReactNode } from "react";

/** An interval in a table: on two lines where there is no room for one. */
export function Between({ children }: { children: ReactNode }) {
  return <div className="interval">{children}</div>;
}
