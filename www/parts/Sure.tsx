import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { Window } from "./Window";

/** Asks before something that cannot be taken back. */
export function Sure({ title, ok, children, onAnswer }: { title: string; ok: string; children: ReactNode; onAnswer: (yes: boolean) => void }) {
  return (
    <Window title={title} onClose={() => onAnswer(false)}>
      <p>{children}</p>
      <div className="row end">
        <Button className="button quiet" autoFocus onPress={() => onAnswer(false)}>
          Cancel
        </Button>
        <Button className="button" onPress={() => onAnswer(true)}>
          {ok}
        </Button>
      </div>
    </Window>
  );
}
