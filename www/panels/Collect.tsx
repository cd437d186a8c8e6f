import { useState } from "react";
import { Button, DropZone } from "react-aria-components";
import { fromDrop } from "../intake/drop";
import { type Found, fromChosen } from "../intake/found";
import { Ask } from "../parts/Ask";
import { ChooseFiles } from "../parts/ChooseFiles";
import { JobBar } from "../parts/JobBar";
import { Panel } from "../parts/Panel";
import { UndoRedo } from "../parts/UndoRedo";
import { shortcutKey, useShortcuts } from "../parts/useShortcuts";
import { addClass } from "../state/classDeeds";
import { takeIn } from "../state/samples";
import { takeSampleSet } from "../state/sampleSet";
import { say, sentence, total, useRunning, useStore } from "../state/store";
import { count } from "../state/words";
import { ClassCard } from "./ClassCard";
import { Problems } from "./Problems";
import { Tray } from "./Tray";

export function Collect() {
  const samples = useStore(total);
  const everything = useStore((s) => s.classes);
  // Those without a label have a place of their own.
  const classes = everything.filter((c) => c.name !== "");
  const collecting = useRunning("collect");
  const [loose, setLoose] = useState<Found[]>([]);
  const [naming, setNaming] = useState(false);

  const take = (found: Found[]) => {
    const [filed, unfiled] = [found.filter((f) => f.folder !== null), found.filter((f) => f.folder === null)];
    if (found.length === 0) say("There was no file in it.");
    if (filed.length > 0) void takeIn(filed as (Found & { folder: string })[]);
    // Those that still wait for their answer stay.
    if (unfiled.length > 0) setLoose((waiting) => [...waiting, ...unfiled]);
  };
  useShortcuts(take);

  return (
    <Panel id="collect" title="Collect" aside={<UndoRedo />}>
      <DropZone
        className="drop"
        aria-label="Drop or paste folders, pictures or a zip"
        getDropOperation={(types) => (types.has("headstart-pictures") ? "cancel" : "copy")}
        onDrop={(event) => void fromDrop(event.items).then(take, (error: unknown) => say(sentence(error)))}
      >
        <p>
          <strong>Drop folders, pictures or a zip here.</strong> A folder’s name becomes the class. {shortcutKey}V pastes.
        </p>
        <div className="row center">
          <ChooseFiles folder onFound={take}>
            Choose a folder
          </ChooseFiles>
          <ChooseFiles quiet onFound={take}>
            Choose files
          </ChooseFiles>
          <Button className="button quiet" onPress={() => setNaming(true)}>
            New class
          </Button>
        </div>
      </DropZone>
      <JobBar of="collect">
        <p>
          {everything.length === 0
            ? "No pictures yet."
            : `${count(samples, "picture")} in ${count(classes.length, "class", "classes")}. Pick some to move, label or remove them, or drag them to another class.`}
        </p>
      </JobBar>
      <Problems />
      {everything.length === 0 && (
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
        {classes.map((c) => (
          <ClassCard key={c.name} of={c} />
        ))}
        {everything.length > 0 && <Tray />}
      </div>
      {loose.length > 0 && (
        <Ask
          title={`Which class ${loose.length === 1 ? "is this picture" : `are these ${loose.length} pictures`}?`}
          label="Class"
          choices={classes.map((c) => c.name)}
          ok="Add"
          without="Without a label for now"
          onAnswer={(name) => {
            setLoose([]);
            if (name === null) say("Nothing was added.");
            else void takeIn(loose.map((f) => ({ ...f, folder: name })));
          }}
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
