import { useEffect, useRef, useState } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { Viewfinder } from "../parts/Viewfinder";
import { useCamera } from "../parts/useCamera";
import { takeIn } from "../state/samples";
import { count } from "../state/words";

/** Pictures a second while the button is held. More would only be the same picture again. */
const PACE = 8;

/** Hold to record. Each burst is one group: its pictures are almost the same, and belong on one side of any split. */
export function Webcam({ into, onClose }: { into: string; onClose: () => void }) {
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className="overlay">
      <Modal className="modal">
        <Dialog className="dialog">
          <Heading slot="title">Webcam for {into}</Heading>
          <Recorder into={into} />
          <div className="row end">
            <Button className="button quiet" onPress={onClose}>
              Done
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Recorder({ into }: { into: string }) {
  const camera = useCamera();
  const [taken, setTaken] = useState(0);
  const burst = useRef<{ pictures: Blob[]; timer: number } | null>(null);

  const shoot = async () => {
    const now = burst.current;
    const picture = await camera.grab();
    now?.pictures.push(picture);
    setTaken((n) => n + 1);
  };
  const begin = () => {
    if (!camera.ready || burst.current) return;
    burst.current = { pictures: [], timer: window.setInterval(() => void shoot(), 1000 / PACE) };
    void shoot();
  };
  const end = () => {
    const done = burst.current;
    if (!done) return;
    clearInterval(done.timer);
    burst.current = null;
    const group = `burst-${Date.now().toString(36)}`;
    // A frame that is being taken belongs to this burst still.
    setTimeout(() => {
      const found = done.pictures.map((picture, i) => ({ name: `${group}-${i}.jpg`, folder: into, open: async () => picture }));
      if (found.length > 0) void takeIn(found, group);
    }, 200);
  };
  const atEnd = useRef(end);
  atEnd.current = end;
  useEffect(() => () => atEnd.current(), []);

  return (
    <>
      <Viewfinder camera={camera} />
      <div className="row">
        <Button className="button record" isDisabled={!camera.ready} onPressStart={begin} onPressEnd={end}>
          Hold to record
        </Button>
        <span className="soft" aria-live="polite">
          {count(taken, "picture")} taken
        </span>
      </div>
    </>
  );
}
