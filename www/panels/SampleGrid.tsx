import { GridLayout, GridList, GridListItem, ListLayout, type Selection, Size, Virtualizer } from "react-aria-components";
import { Thumb } from "../parts/Thumb";
import { textOf } from "../state/contents";
import { figure } from "../state/labels";
import type { Member } from "../state/store";
import { task } from "../state/task";

interface Props {
  name: string;
  members: readonly Member[];
  picked: ReadonlySet<string>;
  /** Said where there is none. */
  empty: string;
  onPick: (ids: ReadonlySet<string>) => void;
}

/** So many need no more room than a row of pictures has. */
const FEW = 3;

/** Samples from anywhere, to look at and to pick. Only those in view are in the document. */
export function SampleGrid(props: Props) {
  return task === "text" ? <Texts {...props} /> : <Pictures {...props} />;
}

function shared({ name, members, picked, empty, onPick }: Props) {
  return {
    className: members.length > FEW ? "pictures tall" : "pictures few",
    "aria-label": name,
    selectionMode: "multiple",
    items: members,
    selectedKeys: picked,
    onSelectionChange: (keys: Selection) => onPick(keys === "all" ? new Set(members.map((m) => m.id)) : (keys as Set<string>)),
    renderEmptyState: () => <p className="note">{empty}</p>,
  } as const;
}

function Pictures(props: Props) {
  return (
    <Virtualizer layout={GridLayout} layoutOptions={{ minItemSize: new Size(96, 96), maxItemSize: new Size(128, 128), minSpace: new Size(6, 6), preserveAspectRatio: true }}>
      <GridList layout="grid" {...shared(props)}>
        {(member) => (
          <GridListItem id={member.id} textValue={typeof member.given === "number" ? `${member.name}, ${member.label}` : member.name} className="picture">
            <Thumb id={member.id} alt={member.name} />
            {typeof member.given === "number" && <span className="badge">{figure(member.given)}</span>}
          </GridListItem>
        )}
      </GridList>
    </Virtualizer>
  );
}

function Texts(props: Props) {
  return (
    <Virtualizer layout={ListLayout} layoutOptions={{ estimatedRowSize: 48 }}>
      <GridList {...shared(props)}>
        {(member) => (
          <GridListItem id={member.id} textValue={textOf(member.id) ?? ""} className="text-item">
            {textOf(member.id)}
          </GridListItem>
        )}
      </GridList>
    </Virtualizer>
  );
}
