import { useState } from "react";
import { Button, DropZone } from "react-aria-components";
import { fromDrop } from "../intake/drop";
import type { Found } from "../intake/found";
import { TABLE_FILES, sorted } from "../intake/table";
import { ChooseFiles } from "../parts/ChooseFiles";
import { JobBar } from "../parts/JobBar";
import { Panel } from "../parts/Panel";
import { UndoRedo } from "../parts/UndoRedo";
import { shortcutKey, useShortcuts } from "../parts/useShortcuts";
import { takeTextFiles, takeTexts } from "../state/samples";
import { takeSampleSet } from "../state/sampleSet";
import { realNames, say, sentence, total, useRunning, useStore } from "../state/store";
import { useTables } from "../state/tables";
import { count } from "../state/words";
import { ImportTable } from "./ImportTable";
import { LabelKind } from "./LabelKind";
import { PasteTexts } from "./PasteTexts";
import { Problems } from "./Problems";
import { TextTable } from "./TextTable";
import { WriteText } from "./WriteText";

export function CollectTexts() {
  const classes = useStore((s) => s.classes);
  const samples = useStore(total);
  const kind = useStore((s) => s.kind);
  const collecting = useRunning("collect");
  const tables = useTables();
  const [pasting, setPasting] = useState(false);

  const take = (found: Found[]) => {
    if (found.length === 0) say("There was no file in it.");
    const { texts, tables: files } = sorted(found);
    if (texts.length > 0) void takeTextFiles(texts);
    void tables.askFor(files);
  };
  const paste = (content: string) => tables.ask("pasted text", content);
  useShortcuts(take, paste);

  const [first] = tables.waiting;
  return (
    <Panel id="collect" title="Collect" aside={<UndoRedo />}>
      <div className="row">
        <LabelKind />
      </div>
      <DropZone
        className="drop"
        aria-label="Drop or paste tables, or folders of texts"
        onDrop={(event) => {
          const pasted = [...event.items].find((item) => item.kind === "text" && item.types.has("text/plain"));
          if (pasted?.kind === "text") void pasted.getText("text/plain").then(paste);
          else void fromDrop(event.items).then(take, (error: unknown) => say(sentence(error)));
        }}
      >
        <p>
          <strong>Drop a table of texts with labels here</strong> (CSV, TSV, JSON Lines), or folders of .txt files: a folder’s name becomes the label. {shortcutKey}V pastes.
        </p>
        <div className="row center">
          <ChooseFiles accept={TABLE_FILES} onFound={take}>
            Choose a table
          </ChooseFiles>
          <ChooseFiles folder quiet onFound={take}>
            Choose a folder
          </ChooseFiles>
          <Button className="button quiet" onPress={() => setPasting(true)}>
            Paste texts
          </Button>
        </div>
      </DropZone>
      <JobBar of="collect">
        <p>
          {classes.length === 0
            ? "No texts yet."
            : `${count(samples, "text")} with ${kind === "numbers" ? "numbers" : count(realNames(classes).length, "label")}. Pick some to label or remove them.`}
        </p>
      </JobBar>
      <Problems />
      {classes.length === 0 ? (
        <div className="empty">
          <p>Bring a table with a column of texts and one of labels, or write a few below: eight texts for each label are a good start.</p>
          <Button className="button" onPress={() => void takeSampleSet()} isDisabled={collecting}>
            Use our sample sentences
          </Button>
          <p className="note">36 sentences as people write them to a bicycle shop, made up for this page: about delivery, repair, and praise.</p>
        </div>
      ) : (
        <TextTable />
      )}
      <WriteText />
      {pasting && (
        <PasteTexts
          onAnswer={(content) => {
            setPasting(false);
            if (content !== null) paste(content);
          }}
        />
      )}
      {first && (
        <ImportTable
          key={first.id}
          source={first}
          verb="Add"
          waiting={tables.waiting.length - 1}
          onTexts={(samples, left) => void takeTexts(samples, left)}
          onClose={tables.next}
          onCloseAll={tables.none}
        />
      )}
    </Panel>
  );
}
