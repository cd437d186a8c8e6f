import { Button, GridLayout, GridList, GridListItem, Size, Virtualizer, isTextDropItem, useDragAndDrop } from "react-aria-components";
import { fromDrop } from "../intake/drop";
import { Thumb } from "../parts/Thumb";
import { move } from "../state/labelling";
import { takeIn } from "../state/samples";
import { type Member, say, sentence, useRunning, useStore } from "../state/store";

/** What is dragged from class to class: a picture and where it was, as JSON. */
const PICTURES = "headstart-pictures";

interface Props {
  /** Of the class; none for pictures without a label. */
  name: string;
  pictures: readonly Member[];
  picked: ReadonlySet<string>;
  onPick: (ids: ReadonlySet<string>) => void;
}

/** The pictures of a class. Only those in view are in the document, so that ten thousand scroll like ten. */
export function PictureGrid({ name, pictures, picked, onPick }: Props) {
  const collecting = useRunning("collect");
  // There is no class to drag them to.
  const numbers = useStore((s) => s.kind === "numbers");
  const { dragAndDropHooks } = useDragAndDrop({
    getItems: numbers ? undefined : (keys) => [...keys].map((key) => ({ [PICTURES]: JSON.stringify({ id: String(key), from: name }), "text/plain": String(key) })),
    getAllowedDropOperations: () => ["move"],
    // A label that was given is changed, not taken off.
    getDropOperation: (_target, types, allowed) => (types.has(PICTURES) ? (name === "" ? "cancel" : "move") : (allowed[0] ?? "cancel")),
    onRootDrop: async ({ items }) => {
      try {
        const dragged = await Promise.all(items.filter(isTextDropItem).filter((i) => i.types.has(PICTURES)).map((i) => i.getText(PICTURES)));
        const pictures = dragged.map((text) => JSON.parse(text) as { id: string; from: string });
        onPick(new Set());
        // They come from one grid.
        if (pictures.length > 0) return await move(pictures.map((p) => p.id), name, pictures[0]!.from);
        const found = await fromDrop(items);
        await takeIn(found.map((f) => ({ ...f, folder: name })));
      } catch (error) {
        say(sentence(error));
      }
    },
  });
  return (
    <Virtualizer layout={GridLayout} layoutOptions={{ minItemSize: new Size(72, 72), maxItemSize: new Size(96, 96), minSpace: new Size(6, 6), preserveAspectRatio: true }}>
      <GridList
        className={`pictures ${pictures.length === 0 ? "bare" : ""}`}
        layout="grid"
        aria-label={name === "" ? "Pictures without a label" : `Pictures of ${name}`}
        selectionMode="multiple"
        items={pictures}
        selectedKeys={picked}
        onSelectionChange={(keys) => onPick(keys === "all" ? new Set(pictures.map((p) => p.id)) : (keys as Set<string>))}
        dragAndDropHooks={dragAndDropHooks}
        renderEmptyState={() => <p className="note">{empty(name, collecting)}</p>}
      >
        {(picture) => (
          <GridListItem id={picture.id} textValue={picture.name} className="picture">
            <Thumb id={picture.id} alt={picture.name} />
            {!numbers && (
              <Button slot="drag" className="grip" aria-label={`Drag ${picture.name}`}>
                ⠿
              </Button>
            )}
          </GridListItem>
        )}
      </GridList>
    </Virtualizer>
  );
}

function empty(name: string, collecting: boolean): string {
  if (name === "") return "Room for pictures whose label you do not know yet. The check below says which of them to label first.";
  return collecting ? "Pictures are on their way." : "Empty. Drop pictures here, add files, or use the webcam.";
}
