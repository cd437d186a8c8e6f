import type { ReactNode } from "react";
import { Button, type PressEvent } from "react-aria-components";
import { passFocus } from "../parts/passFocus";
import { useFirst } from "../parts/useFirst";

interface Props<T> {
  title: string;
  /** Why these are listed, and what to do about them. */
  what: string;
  /** Said where there is none. */
  none: string;
  all: readonly T[];
  keyOf: (one: T) => string;
  children: (one: T) => ReactNode;
}

/** A list of findings of one kind. */
export function Findings<T>({ title, what, none, all, keyOf, children }: Props<T>) {
  const [shown, more] = useFirst(all);
  return (
    <div className="findings">
      <h3>
        {title} {all.length > 0 && <span className="soft">{all.length.toLocaleString("en")}</span>}
      </h3>
      <p className="note">{all.length > 0 ? what : none}</p>
      {all.length > 0 && (
        <ul role="list" aria-label={title}>
          {shown.map((one) => (
            <li key={keyOf(one)}>{children(one)}</li>
          ))}
        </ul>
      )}
      {more}
    </div>
  );
}

/** A button that settles a finding, so that its row goes away. */
export function Settle({ onPress, children }: { onPress: () => void; children: ReactNode }) {
  const settle = ({ target }: PressEvent) => {
    passFocus(target);
    onPress();
  };
  return (
    <Button className="button quiet small" onPress={settle}>
      {children}
    </Button>
  );
}
