import { useMemo } from "react";
import { type Member, useStore } from "../state/store";

/** The samples that are in, by id. A report is older than they are: what it names may be gone, or have another label. */
export function useMembers(): ReadonlyMap<string, Member> {
  const classes = useStore((s) => s.classes);
  return useMemo(() => new Map(classes.flatMap((c) => c.members.map((m) => [m.id, m] as const))), [classes]);
}
