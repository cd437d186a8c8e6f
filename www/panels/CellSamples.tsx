import type { Report } from "headstart";
import { Button, GridLayout, GridList, GridListItem, ListLayout, type Selection, Size, Virtualizer } from "react-aria-components";
import { useState } from "react";
import { Thumb } from "../parts/Thumb";
import { Window } from "../parts/Window";
import { move, remove } from "../state/samples";
import { textOf } from "../state/contents";
import { type Member, useStore } from "../state/store";
import { noun, task } from "../state/task";
import { count } from "../state/words";

interface Props {
  report: Report;
  truth: number;
  called: number;
  onClose: () => void;
}

/** The samples behind one cell of the confusion matrix: wrong labels show here, and can be put right. */
export function CellSamples({ report: { confusion }, truth, called, onClose }: Props) {
  const [is, as] = [confusion.labels[truth]!, confusion.labels[called]!];
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  // Those that were moved or removed since the report are no longer here.
  const present = useStore((s) => s.classes).find((c) => c.name === is)?.members ?? [];
  const behind = new Set(confusion.ids[truth]![called]!);
  const members = present.filter((p) => behind.has(p.id));
  const ids = members.filter((p) => picked.has(p.id)).map((p) => p.id);
  const list = { name: `${is}, called ${as}`, members, picked, onPick: setPicked };
  return (
    <Window title={`${count(members.length, noun)} of ${is}, called ${as}`} wide onClose={onClose}>
      {task === "text" ? <Texts {...list} /> : <Pictures {...list} />}
      <div className="row end">
        {is !== as && (
          <Button className="button quiet" isDisabled={ids.length === 0} onPress={() => void move(ids, as)}>
            Move {ids.length || "picked"} to {as}
          </Button>
        )}
        <Button className="button quiet" isDisabled={ids.length === 0} onPress={() => void remove(ids)}>
          Remove {ids.length || "picked"}
        </Button>
        <Button className="button" onPress={onClose}>
          Close
        </Button>
      </div>
    </Window>
  );
}

interface ListProps {
  name: string;
  members: readonly Member[];
  picked: ReadonlySet<string>;
  onPick: (ids: ReadonlySet<string>) => void;
}

function shared({ name, members, picked, onPick }: ListProps) {
  return {
    className: "pictures tall",
    "aria-label": name,
    selectionMode: "multiple",
    items: members,
    selectedKeys: picked,
    onSelectionChange: (keys: Selection) => onPick(keys === "all" ? new Set(members.map((m) => m.id)) : (keys as Set<string>)),
    renderEmptyState: () => <p className="note">None of them are in that class any more.</p>,
  } as const;
}

function Pictures(props: ListProps) {
  return (
    <Virtualizer layout={GridLayout} layoutOptions={{ minItemSize: new Size(96, 96), maxItemSize: new Size(128, 128), minSpace: new Size(6, 6), preserveAspectRatio: true }}>
      <GridList layout="grid" {...shared(props)}>
        {(member) => (
          <GridListItem id={member.id} textValue={member.name} className="picture">
            <Thumb id={member.id} alt={member.name} />
          </GridListItem>
        )}
      </GridList>
    </Virtualizer>
  );
}

function Texts(props: ListProps) {
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
