import { memo, useState } from "react";
import { Button, Input, Menu, MenuItem, MenuTrigger, Popover, SubmenuTrigger, TextField } from "react-aria-components";
import { ChooseFiles } from "../parts/ChooseFiles";
import { useStages } from "../parts/useStages";
import { deleteClass, move, remove, rename, takeIn } from "../state/samples";
import { type Class, useStore } from "../state/store";
import { count } from "../state/words";
import { PictureGrid } from "./PictureGrid";
import { Webcam } from "./Webcam";

/** One class: its name to edit, its pictures, and what can be done with them. */
export const ClassCard = memo(function ClassCard({ of: { name, pictures } }: { of: Class }) {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [filming, setFilming] = useState(false);
  const stage = useStages(DONE);
  const ids = pictures.filter((p) => picked.has(p.id)).map((p) => p.id);
  const act = (work: Promise<void>) => {
    setPicked(new Set());
    void work;
  };
  return (
    <article className="class" aria-label={name}>
      <header>
        <ClassName name={name} />
        <span className="soft count">{count(pictures.length, "picture")}</span>
        <ClassMenu name={name} />
      </header>
      {stage > 0 ? (
        <PictureGrid name={name} pictures={stage < DONE ? pictures.slice(0, STEP * stage) : pictures} picked={picked} onPick={setPicked} />
      ) : (
        <div className="pictures" />
      )}
      <div className="row foot">
        {ids.length === 0 ? (
          <>
            <ChooseFiles quiet onFound={(found) => void takeIn(found.map((f) => ({ ...f, folder: name })))}>
              Add pictures
            </ChooseFiles>
            <Button className="button quiet" onPress={() => setFilming(true)}>
              Webcam
            </Button>
          </>
        ) : (
          <>
            <MenuTrigger>
              <Button className="button quiet">Move {ids.length} to …</Button>
              <Popover className="popover">
                <OtherClasses than={name} onChoose={(to) => act(move(ids, to))} />
              </Popover>
            </MenuTrigger>
            <Button className="button quiet" onPress={() => act(remove(ids))}>
              Remove {ids.length}
            </Button>
            <Button className="button quiet" onPress={() => setPicked(new Set())}>
              Pick none
            </Button>
          </>
        )}
      </div>
      {filming && <Webcam into={name} onClose={() => setFilming(false)} />}
    </article>
  );
});

/** Pictures that a new card shows at each stage of its drawing. */
const STEP = 2;
const DONE = 6;

/** The other classes to choose from, as they are when the menu opens. */
function OtherClasses({ than, onChoose }: { than: string; onChoose: (name: string) => void }) {
  const others = useStore((s) => s.classes).filter((c) => c.name !== than);
  return (
    <Menu className="menu" onAction={(key) => onChoose(String(key))} renderEmptyState={() => <p className="menu-item note">There is no other class.</p>}>
      {others.map(({ name }) => (
        <MenuItem key={name} id={name} className="menu-item">
          {name}
        </MenuItem>
      ))}
    </Menu>
  );
}

/** The name is a field: typing another renames the class, typing another class's name merges the two. */
function ClassName({ name }: { name: string }) {
  const [text, setText] = useState(name);
  const commit = () => {
    const to = text.trim();
    // If it is not renamed now (pictures are being taken in), the card keeps its name.
    setText(name);
    if (to !== "" && to !== name) void rename(name, to);
  };
  return (
    <TextField aria-label={`Name of class ${name}`} value={text} onChange={setText} onBlur={commit} className="class-name">
      <Input
        autoComplete="off"
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
          if (event.key === "Escape") setText(name);
        }}
      />
    </TextField>
  );
}

function ClassMenu({ name }: { name: string }) {
  return (
    <MenuTrigger>
      <Button className="button quiet small icon" aria-label={`More for class ${name}`}>
        ⋯
      </Button>
      <Popover className="popover">
        <Menu className="menu">
          <SubmenuTrigger>
            <MenuItem className="menu-item">Merge into …</MenuItem>
            <Popover className="popover">
              <OtherClasses than={name} onChoose={(to) => void rename(name, to)} />
            </Popover>
          </SubmenuTrigger>
          <MenuItem className="menu-item" onAction={() => void deleteClass(name)}>
            Delete class
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
