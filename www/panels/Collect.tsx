import { useState } from "react";
import { Button, DropZone } from "react-aria-components";
import { fromDrop } from "../intake/drop";
import type { Found } from "../intake/found";
import { SHEET_FILES, isSheet } from "../intake/sheet";
import { Ask } from "../parts/Ask";
import { ChooseFiles } from "../parts/ChooseFiles";
import { JobBar } from "../parts/JobBar";
import { Panel } from "../parts/Panel";
import { UndoRedo } from "../parts/UndoRedo";
import { shortcutKey, useShortcuts } from "../parts/useShortcuts";
import { addClass } from "../state/classDeeds";
import { noNumber } from "../state/labels";
import { takeByTable, takeIn } from "../state/samples";
import { takeSampleSet } from "../state/sampleSet";
import { say, sentence, total, useRunning, useStore } from "../state/store";
import { useTables } from "../state/tables";
import { count } from "../state/words";
import { ClassCard } from "./ClassCard";
import { ImportPictures } from "./ImportPictures";
import { LabelKind } from "./LabelKind";
import { Numbered, whichNumber } from "./Numbered";
import { Problems } from "./Problems";
import { Tray } from "./Tray";

const FILES = ["image/*", ".zip", ...SHEET_FILES];

export function Collect() {
  const samples = useStore(total);
  const everything = useStore((s) => s.classes);
  // Those without a label have a place of their own.
  const classes = everything.filter((c) => c.name !== "");
  const numbers = useStore((s) => s.kind === "numbers");
  const withNumber = classes.reduce((n, c) => n + c.members.length, 0);
  const collecting = useRunning("collect");
  const [loose, setLoose] = useState<Found[]>([]);
  const [naming, setNaming] = useState(false);
  const tables = useTables();
  const [beside, setBeside] = useState<readonly Found[]>([]);

  const take = async (found: Found[]) => {
    if (found.length === 0) say("There was no file in it.");
    const [sheets, pictures] = [found.filter(isSheet), found.filter((f) => !isSheet(f))];
    // No table is worth the loss of the pictures that came with it.
    if (sheets.length === 0 || (await tables.askFor(sheets)) === 0) return takePictures(pictures);
    setBeside((before) => [...before, ...pictures]);
  };
  const takePictures = (found: readonly Found[]) => {
    const [filed, unfiled] = [found.filter((f) => f.folder !== null), found.filter((f) => f.folder === null)];
    if (filed.length > 0) void takeIn(filed as (Found & { folder: string })[]);
    // Those that still wait for their answer stay.
    if (unfiled.length > 0) setLoose((waiting) => [...waiting, ...unfiled]);
  };
  useShortcuts((found) => void take(found));
  const asked = () => {
    setBeside([]);
    tables.next();
  };

  const [first] = tables.waiting;
  return (
    <Panel id="collect" title="Collect" aside={<UndoRedo />}>
      <div className="row">
        <LabelKind />
      </div>
      <DropZone
        className="drop"
        aria-label="Drop or paste folders, pictures or a zip"
        getDropOperation={(types) => (types.has("headstart-pictures") ? "cancel" : "copy")}
        onDrop={(event) => void fromDrop(event.items).then(take, (error: unknown) => say(sentence(error)))}
      >
        <p>
          <strong>Drop folders, pictures or a zip here.</strong> {numbers ? "A folder’s name, where it is a number, or a table beside them (CSV: file, number) says which number they have." : "A folder’s name becomes the class, or a table beside them (CSV: file, label) says it."} {shortcutKey}V
          pastes.
        </p>
        <div className="row center">
          <ChooseFiles folder onFound={take}>
            Choose a folder
          </ChooseFiles>
          <ChooseFiles quiet accept={FILES} onFound={take}>
            Choose files
          </ChooseFiles>
          {!numbers && (
            <Button className="button quiet" onPress={() => setNaming(true)}>
              New class
            </Button>
          )}
        </div>
      </DropZone>
      <JobBar of="collect">
        <p>
          {everything.length === 0
            ? "No pictures yet."
            : numbers
              ? `${count(samples, "picture")}, ${count(withNumber, "has", "have")} a number. Pick some to give them one, to change it, or to remove them.`
              : `${count(samples, "picture")} in ${count(classes.length, "class", "classes")}. Pick some to move, label or remove them, or drag them to another class.`}
        </p>
      </JobBar>
      <Problems />
      {everything.length === 0 && numbers && (
        <p className="empty">
          Bring pictures with a table of their numbers, for example of people with their ages, or pictures alone, and give each its number by hand. Thirty with different numbers are a good start.
        </p>
      )}
      {everything.length === 0 && !numbers && (
        <div className="empty">
          <p>
            Bring one folder for each thing to tell apart, for example “cats” and “dogs”: eight pictures of
            each are a good start. Or make a class and hold your webcam on something.
          </p>
          <Button className="button" onPress={() => void takeSampleSet()} isDisabled={collecting}>
            Use our sample drawings
          </Button>
          <p className="note">48 drawings of fish, houses and trees that this project’s build script makes. They are not photographs.</p>
        </div>
      )}
      <div className="classes">
        {numbers ? everything.length > 0 && <Numbered /> : classes.map((c) => <ClassCard key={c.name} of={c} />)}
        {everything.length > 0 && <Tray key={numbers ? "numbers" : "classes"} />}
      </div>
      {loose.length > 0 && (
        <Ask
          title={numbers ? whichNumber(loose.length) : `Which class ${loose.length === 1 ? "is this picture" : `are these ${loose.length} pictures`}?`}
          label={numbers ? "Number" : "Class"}
          {...(numbers ? { wrong: noNumber } : { choices: classes.map((c) => c.name) })}
          ok="Add"
          without={`Without a ${numbers ? "number" : "label"} for now`}
          onAnswer={(name) => {
            setLoose([]);
            if (name === null) say("Nothing was added.");
            else void takeIn(loose.map((f) => ({ ...f, folder: name })));
          }}
        />
      )}
      {first && (
        <ImportPictures
          key={first.id}
          source={first}
          pictures={beside}
          onTable={(tabled, left) => {
            asked();
            void takeByTable(tabled, left);
          }}
          onWithout={() => {
            asked();
            takePictures(beside);
          }}
          onClose={asked}
        />
      )}
      {naming && (
        <Ask
          title="New class"
          label="Name"
          ok="Make it"
          onAnswer={(name) => {
            setNaming(false);
            if (name !== null) void addClass(name);
          }}
        />
      )}
    </Panel>
  );
}
