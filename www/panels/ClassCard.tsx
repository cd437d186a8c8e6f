import { useState } from "react";
import { Button, Input, Menu, MenuItem, MenuTrigger, Popover, SubmenuTrigger, TextField } from "react-aria-components";
import { ChooseFiles } from "../parts/ChooseFiles";
import { names } from "../state/classes";
import { deleteClass, move, remove, rename, takeIn } from "../state/samples";
import type { Class } from "../state/store";
import { count } from "../state/words";
import { PictureGrid } from "./PictureGrid";
import { Webcam } from "./Webcam";

/** One class: its name to edit, its pictures, and what can be done with them. */
export function ClassCard({ of: { name, pictures } }: { of: Class }) {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [filming, setFilming] = useState(false);
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
      <PictureGrid name={name} pictures={pictures} picked={picked} onPick={setPicked} />
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
                <Menu className="menu" onAction={(to) => act(move(ids, String(to)))}>
                  {names()
                    .filter((other) => other !== name)
                    .map((other) => (
                      <MenuItem key={other} id={other} className="menu-item">
                        {other}
                      </MenuItem>
                    ))}
                </Menu>
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
}

/** The name is a field: typing another renames the class, typing another class's name merges the two. */
function ClassName({ name }: { name: string }) {
  const [text, setText] = useState(name);
  const commit = () => {
    const to = text.trim();
    if (to === "" || to === name) setText(name);
    else void rename(name, to);
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
  const others = names().filter((other) => other !== name);
  return (
    <MenuTrigger>
      <Button className="button quiet small icon" aria-label={`More for class ${name}`}>
        ⋯
      </Button>
      <Popover className="popover">
        <Menu className="menu">
          {others.length > 0 && (
            <SubmenuTrigger>
              <MenuItem className="menu-item">Merge into …</MenuItem>
              <Popover className="popover">
                <Menu className="menu" onAction={(to) => void rename(name, String(to))}>
                  {others.map((other) => (
                    <MenuItem key={other} id={other} className="menu-item">
                      {other}
                    </MenuItem>
                  ))}
                </Menu>
              </Popover>
            </SubmenuTrigger>
          )}
          <MenuItem className="menu-item" onAction={() => void deleteClass(name)}>
            Delete class
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
