import { useMemo, useState } from "react";
import { Button, Cell, Column, Input, Label, MenuTrigger, Popover, Row, SearchField, Table, TableBody, TableHeader, TableLayout, Virtualizer } from "react-aria-components";
import { Ask } from "../parts/Ask";
import { Choose } from "../parts/Choose";
import { textOf } from "../state/contents";
import { noNumber } from "../state/labels";
import { alsoLabel, give, move, takeOff } from "../state/labelling";
import { remove } from "../state/samples";
import { type Member, realNames, total, useStore } from "../state/store";
import { ClassMenu, ClassName, OtherClasses } from "./ClassTools";

/** Stands for every label in the list of labels; a label that is called so would have to contain a line break. */
const ALL = "\n";

/** All texts with their labels. Only rows in view are in the document. */
export function TextTable() {
  const classes = useStore((s) => s.classes);
  const kind = useStore((s) => s.kind);
  const [shown, setShown] = useState(ALL);
  const [words, setWords] = useState("");
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [naming, setNaming] = useState(false);
  const filter = classes.some((c) => c.name === shown) ? shown : ALL;
  const rows = useMemo(() => {
    const wanted = words.trim().toLowerCase();
    const given = classes.filter((c) => filter === ALL || c.name === filter).flatMap((c) => c.members);
    // While classes are taken over one by one, a text on its way is in two of them, and one row twice hangs the table.
    const all = [...new Map(given.map((m) => [m.id, m])).values()];
    return wanted === "" ? all : all.filter((m) => textOf(m.id)?.toLowerCase().includes(wanted));
  }, [classes, filter, words]);
  const ids = rows.filter((m) => picked.has(m.id)).map((m) => m.id);
  const act = (work: Promise<void>) => {
    setPicked(new Set());
    void work;
  };
  const sum = useStore(total);
  // Of samples with numbers there are no names to choose from, and none to change.
  const named = kind !== "numbers";
  const editable = realNames(classes).includes(filter) && named;
  return (
    <div className="texts">
      <div className="row">
        <Choose
          label="Show"
          value={filter}
          choices={[[ALL, `all ${sum.toLocaleString("en")}`], ...classes.map((c) => [c.name, `${c.name || "no label"}: ${c.members.length.toLocaleString("en")}`] as const)]}
          onChoose={setShown}
        />
        <SearchField value={words} onChange={setWords} className="field grow">
          <Label>With these words</Label>
          <Input autoComplete="off" />
        </SearchField>
        {editable && (
          <div className="row label-tools">
            <ClassName key={filter} name={filter} />
            <ClassMenu name={filter} />
          </div>
        )}
      </div>
      <Virtualizer layout={TableLayout} layoutOptions={{ rowHeight: 40, headingHeight: 36 }}>
        <Table aria-label="Texts and their labels" className="predictions" selectionMode="multiple" selectionBehavior="toggle" selectedKeys={picked} onSelectionChange={(keys) => setPicked(keys === "all" ? new Set(rows.map((m) => m.id)) : (keys as Set<string>))}>
          <TableHeader>
            <Column isRowHeader width="3fr">
              Text
            </Column>
            <Column width="1fr" minWidth={96}>
              Label
            </Column>
          </TableHeader>
          <TableBody items={rows} renderEmptyState={() => <p className="note none">No text is like that.</p>}>
            {(member) => <TextRow member={member} />}
          </TableBody>
        </Table>
      </Virtualizer>
      {/* In the table a long text is cut, and a touch screen has no tooltips. */}
      {ids.length === 1 && <p className="whole">{textOf(ids[0]!)}</p>}
      <div className="row foot">
        {ids.length === 0 ? (
          <p className="note">Pick texts to give them another label or to remove them.</p>
        ) : (
          <>
            {named && (
              <>
                <MenuTrigger>
                  <Button className="button quiet small">Label {ids.length} as …</Button>
                  <Popover className="popover">
                    <OtherClasses than={filter} onChoose={(to) => act(move(ids, to, filter === ALL ? undefined : filter))} />
                  </Popover>
                </MenuTrigger>
                <MenuTrigger>
                  <Button className="button quiet small">Also label as …</Button>
                  <Popover className="popover">
                    <OtherClasses than={filter} onChoose={(to) => act(alsoLabel(ids, to))} />
                  </Popover>
                </MenuTrigger>
              </>
            )}
            {kind === "labels" && editable && (
              <Button className="button quiet small" onPress={() => act(takeOff(ids, filter))}>
                Not {filter}
              </Button>
            )}
            <Button className="button quiet small" onPress={() => setNaming(true)}>
              {named ? "New label" : "Another number"}
            </Button>
            <Button className="button quiet small" onPress={() => act(remove(ids))}>
              Remove {ids.length}
            </Button>
            <Button className="button quiet small" onPress={() => setPicked(new Set())}>
              Pick none
            </Button>
          </>
        )}
      </div>
      {naming && (
        <Ask
          title={`${named ? "A new label" : "Another number"} for ${ids.length === 1 ? "this text" : `these ${ids.length} texts`}`}
          label={named ? "Label" : "Number"}
          ok="Label them"
          {...(named ? {} : { wrong: noNumber })}
          onAnswer={(name) => {
            setNaming(false);
            if (name === null) return;
            act(named ? move(ids, name) : give(ids, Number(name)));
          }}
        />
      )}
    </div>
  );
}

function TextRow({ member: { id, label } }: { member: Member }) {
  const text = textOf(id) ?? "";
  return (
    <Row id={id} textValue={text} className="text-row">
      <Cell>
        <span title={text}>{text}</span>
      </Cell>
      <Cell>{label || <span className="soft">none</span>}</Cell>
    </Row>
  );
}
