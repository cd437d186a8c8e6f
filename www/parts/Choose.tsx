import { Button, Label, ListBox, ListBoxItem, Popover, Select, SelectValue } from "react-aria-components";

interface Props<K extends string> {
  label: string;
  value: K;
  choices: readonly (readonly [K, string])[];
  onChoose: (key: K) => void;
}

/** One of a few, by name. */
export function Choose<K extends string>({ label, value, choices, onChoose }: Props<K>) {
  return (
    <Select value={value} onChange={(key) => onChoose(key as K)} className="head">
      <Label>{label}</Label>
      <Button className="button quiet select">
        <SelectValue>{({ selectedText }) => selectedText}</SelectValue>
      </Button>
      <Popover className="popover">
        <ListBox className="menu">
          {choices.map(([id, name]) => (
            <ListBoxItem key={id} id={id} textValue={name} className="menu-item">
              {name}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </Select>
  );
}
