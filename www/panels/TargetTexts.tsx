import { useState } from "react";
import { Button, DropZone } from "react-aria-components";
import { fromDrop } from "../intake/drop";
import type { Found } from "../intake/found";
import { TABLE_FILES, sorted, textOfFile } from "../intake/table";
import { ChooseFiles } from "../parts/ChooseFiles";
import type { Targeted } from "../state/adaptation";
import { get, say, sentence, set } from "../state/store";
import { useTables } from "../state/tables";
import { ImportTable } from "./ImportTable";
import { PasteTexts } from "./PasteTexts";

interface Props {
  onTarget: (target: readonly Targeted[]) => void;
  isDisabled: boolean;
}

/** Texts of the target domain: a table, looked at as any other, lines, or a folder of files that are a text each. */
export function TargetTexts({ onTarget, isDisabled }: Props) {
  const tables = useTables();
  const [pasting, setPasting] = useState(false);
  const [first] = tables.waiting;
  const take = (found: Found[]) => {
    if (isDisabled) return say("Wait for the end of what is under way, or stop it first.");
    if (found.length === 0) return say("There was no file in it.");
    const { texts, tables: some } = sorted(found);
    if (texts.length > 0) onTarget(texts.map((file) => ({ path: file.path, label: file.folder, open: () => textOfFile(file) })));
    void tables.askFor(some);
  };
  return (
    <>
      <DropZone className="drop small" aria-label="Drop a table or text files of the other domain" onDrop={(event) => void fromDrop(event.items).then(take, (error: unknown) => say(sentence(error)))}>
        <p>Drop texts from there: a table, lines, or a folder of .txt files. They need no labels.</p>
        <div className="row center">
          <ChooseFiles accept={TABLE_FILES} quiet isDisabled={isDisabled} onFound={take}>
            Bring a table
          </ChooseFiles>
          <Button className="button quiet" isDisabled={isDisabled} onPress={() => setPasting(true)}>
            Bring pasted texts
          </Button>
        </div>
      </DropZone>
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
    </>
  );
}
