import { useEffect, useRef, useState } from "react";
import { Button } from "react-aria-components";
import { Viewfinder } from "../parts/Viewfinder";
import { Window } from "../parts/Window";
import { useCamera } from "../parts/useCamera";
import { takeIn } from "../state/samples";
import { say, sentence } from "../state/store";
import { count } from "../state/words";

/** Pictures a second while the button is held. More would only be the same picture again. */
const PACE = 8;

/** Hold to record. Each burst is one group: its pictures are almost the same, and belong on one side of any split. */
export function Webcam({ into, onClose }: { into: string; onClose: () => void }) {
  return (
    <Window title={`Webcam for ${into}`} onClose={onClose}>
      <Recorder into={into} />
      <div className="row end">
        <Button className="button quiet" onPress={onClose}>
          Done
        </Button>
      </div>
    </Window>
  );
}

function Recorder({ into }: { into: string }) {
  const camera = useCamera();
  const [taken, setTaken] = useState(0);
  const burst = useRef<{ pictures: Promise<Blob | null>[]; timer: number } | null>(null);

  const shoot = () => {
    const picture = camera.grab().catch((error: unknown) => {
      say(sentence(error));
      return null;
    });
    burst.current?.pictures.push(picture);
    void picture.then((taken) => taken && setTaken((n) => n + 1));
  };
  const begin = () => {
    if (!camera.ready || burst.current) return;
    burst.current = { pictures: [], timer: window.setInterval(shoot, 1000 / PACE) };
    shoot();
  };
  const end = () => {
    const done = burst.current;
    if (!done) return;
    clearInterval(done.timer);
    burst.current = null;
    const group = `burst-${Date.now().toString(36)}`;
    void Promise.all(done.pictures).then((pictures) => {
      const found = pictures.filter((picture) => picture !== null).map((picture, i) => ({ name: `${group}-${i}.jpg`, path: `${into}/${group}-${i}.jpg`, folder: into, open: async () => picture }));
      void takeIn(found, group);
    });
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
        <span className="soft count">
          {count(taken, "picture")} taken
        </span>
      </div>
    </>
  );
}
