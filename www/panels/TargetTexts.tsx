import { useState } from "react";
import { Button } from "react-aria-components";
import { TABLE_FILES } from "../intake/table";
import { ChooseFiles } from "../parts/ChooseFiles";
import type { Targeted } from "../state/adaptation";
import { get, set } from "../state/store";
import { useTables } from "../state/tables";
import { ImportTable } from "./ImportTable";
import { PasteTexts } from "./PasteTexts";

interface Props {
  onTarget: (target: readonly Targeted[]) => void;
  isDisabled: boolean;
}

/** Texts of the target domain: a table, looked at as any other, or lines. */
export function TargetTexts({ onTarget, isDisabled }: Props) {
  const tables = useTables();
  const [pasting, setPasting] = useState(false);
  const [first] = tables.waiting;
  return (
    <div className="row">
      <ChooseFiles accept={TABLE_FILES} single quiet isDisabled={isDisabled} onFound={(found) => void tables.askFor(found)}>
        Bring a table
      </ChooseFiles>
      <Button className="button quiet" isDisabled={isDisabled} onPress={() => setPasting(true)}>
        Bring pasted texts
      </Button>
      {pasting && (
        <PasteTexts
          onAnswer={(text) => {
            setPasting(false);
            if (text !== null) tables.ask("what you pasted", text);
          }}
        />
      )}
      {first && (
        <ImportTable
          key={first.id}
          source={first}
          verb="Choose"
          waiting={tables.waiting.length - 1}
          onTexts={(samples, left) => {
            set({ problems: [...get().problems, ...left] });
            onTarget(samples.map(({ data, label, name }) => ({ path: name ?? data, label: typeof label === "string" ? label : null, open: async () => data })));
          }}
          onClose={tables.next}
          onCloseAll={tables.none}
        />
      )}
    </div>
  );
}
