import { memo, useState } from "react";
import { Button } from "react-aria-components";
import { ChooseFiles } from "../parts/ChooseFiles";
import { useStages } from "../parts/useStages";
import { takeIn } from "../state/samples";
import type { Class } from "../state/store";
import { count } from "../state/words";
import { ClassMenu, ClassName } from "./ClassTools";
import { PickedTools } from "./PickedTools";
import { PictureGrid } from "./PictureGrid";
import { Webcam } from "./Webcam";

/** One class: its name to edit, its pictures, and what can be done with them. */
export const ClassCard = memo(function ClassCard({ of: { name, members: pictures } }: { of: Class }) {
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const [filming, setFilming] = useState(false);
  const stage = useStages(DONE);
  const ids = pictures.filter((p) => picked.has(p.id)).map((p) => p.id);
  return (
    <article className="class" aria-label={name}>
      <header>
        <ClassName name={name} />
        <span className="soft count">{count(pictures.length, "picture")}</span>
        {stage >= TOOLS && <ClassMenu name={name} />}
      </header>
      {stage >= GRID ? (
        <PictureGrid name={name} pictures={stage < DONE ? pictures.slice(0, STEP * (stage - GRID + 1)) : pictures} picked={picked} onPick={setPicked} />
      ) : (
        <div className="pictures" />
      )}
      <div className="row foot">
        {stage < TOOLS ? null : ids.length === 0 ? (
          <>
            <ChooseFiles quiet onFound={(found) => void takeIn(found.map((f) => ({ ...f, folder: name })))}>
              Add pictures
            </ChooseFiles>
            <Button className="button quiet" onPress={() => setFilming(true)}>
              Webcam
            </Button>
          </>
        ) : (
          <PickedTools ids={ids} than={name} onPick={setPicked} />
        )}
      </div>
      {filming && <Webcam into={name} onClose={() => setFilming(false)} />}
    </article>
  );
});

/** The stages of a new card's drawing: its name, its tools, a few pictures at a time, all. */
const TOOLS = 1;
const GRID = 2;
const DONE = 7;
const STEP = 2;
