import { useState } from "react";
import { Button, Input, Menu, MenuItem, MenuTrigger, Popover, SubmenuTrigger, TextField } from "react-aria-components";
import { deleteClass, rename } from "../state/classDeeds";
import { realNames, useStore } from "../state/store";

/** The other classes to choose from, as they are when the menu opens. */
export function OtherClasses({ than, onChoose }: { than: string; onChoose: (name: string) => void }) {
  const others = realNames(useStore((s) => s.classes)).filter((name) => name !== than);
  return (
    <Menu className="menu" onAction={(key) => onChoose(String(key))} renderEmptyState={() => <p className="menu-item note">There is no other class.</p>}>
      {others.map((name) => (
        <MenuItem key={name} id={name} className="menu-item">
          {name}
        </MenuItem>
      ))}
    </Menu>
  );
}

/** The name is a field: typing another renames the class, typing another class's name merges the two. */
export function ClassName({ name }: { name: string }) {
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

export function ClassMenu({ name }: { name: string }) {
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
