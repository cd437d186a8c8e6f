import type { Report } from "headstart";
import { Button, Dialog, GridLayout, GridList, GridListItem, Heading, Modal, ModalOverlay, Size, Virtualizer } from "react-aria-components";
import { useState } from "react";
import { Thumb } from "../parts/Thumb";
import { move, remove } from "../state/samples";
import { useStore } from "../state/store";
import { count } from "../state/words";

interface Props {
  report: Report;
  truth: number;
  called: number;
  onClose: () => void;
}

/** The pictures behind one cell of the confusion matrix: wrong labels show here, and can be put right. */
export function CellPictures({ report: { confusion }, truth, called, onClose }: Props) {
  const [is, as] = [confusion.labels[truth]!, confusion.labels[called]!];
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  // Those that were moved or removed since the report are no longer here.
  const present = useStore((s) => s.classes).find((c) => c.name === is)?.pictures ?? [];
  const behind = new Set(confusion.ids[truth]![called]!);
  const pictures = present.filter((p) => behind.has(p.id));
  const ids = pictures.filter((p) => picked.has(p.id)).map((p) => p.id);
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className="overlay">
      <Modal className="modal wide">
        <Dialog className="dialog">
          <Heading slot="title">
            {count(pictures.length, "picture")} of {is}, called {as}
          </Heading>
          <Virtualizer layout={GridLayout} layoutOptions={{ minItemSize: new Size(96, 96), maxItemSize: new Size(128, 128), minSpace: new Size(6, 6), preserveAspectRatio: true }}>
            <GridList
              className="pictures tall"
              layout="grid"
              aria-label={`${is}, called ${as}`}
              selectionMode="multiple"
              items={pictures}
              selectedKeys={picked}
              onSelectionChange={(keys) => setPicked(keys === "all" ? new Set(pictures.map((p) => p.id)) : (keys as Set<string>))}
              renderEmptyState={() => <p className="note">None of them are in that class any more.</p>}
            >
              {(picture) => (
                <GridListItem id={picture.id} textValue={picture.name} className="picture">
                  <Thumb id={picture.id} alt={picture.name} />
                </GridListItem>
              )}
            </GridList>
          </Virtualizer>
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
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
