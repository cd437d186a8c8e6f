import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components";

const FIRST = 20;

/** The first of a long list, and the button that shows the others. */
export function useFirst<T>(all: readonly T[]): [shown: readonly T[], more: ReactNode] {
  const [whole, setWhole] = useState(false);
  if (all.length <= FIRST) return [all, null];
  const more = (
    <Button className="button quiet small" onPress={() => setWhole(!whole)}>
      {whole ? `Show the first ${FIRST}` : `Show all ${all.length.toLocaleString("en")}`}
    </Button>
  );
  return [whole ? all : all.slice(0, FIRST), more];
}
