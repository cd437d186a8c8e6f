import { useState } from "react";
import type { Found } from "../intake/found";
import { ChooseFiles } from "../parts/ChooseFiles";
import { takeIn } from "../state/samples";
import { type Member, useStore } from "../state/store";
import { count } from "../state/words";
import { PickedTools } from "./PickedTools";
import { PictureGrid } from "./PictureGrid";

const NONE: readonly Member[] = [];

/** Pictures that wait for a label. The check of the samples says which of them would teach the most. */
export function Tray() {
  const pictures = useStore((s) => s.classes.find((c) => c.name === "")?.members ?? NONE);
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const numbers = useStore((s) => s.kind === "numbers");
  const ids = pictures.filter((p) => picked.has(p.id)).map((p) => p.id);
  // Whatever folder they lay in.
  const take = (found: Found[]) => void takeIn(found.map((f) => ({ ...f, folder: "" })));
  return (
    <article className="tray" aria-labelledby="tray-title">
      <header>
        <h3 id="tray-title">Without a {numbers ? "number" : "label"}</h3>
        <span className="soft count">{count(pictures.length, "picture")}</span>
      </header>
      <PictureGrid name="" pictures={pictures} picked={picked} onPick={setPicked} />
      <div className="row foot">
        {ids.length > 0 ? (
          <PickedTools ids={ids} than="" next={after(pictures, ids)} onPick={setPicked} />
        ) : (
          <>
            <ChooseFiles quiet onFound={take}>
              Add without a {numbers ? "number" : "label"}
            </ChooseFiles>
            <ChooseFiles folder quiet onFound={take}>
              Add a folder
            </ChooseFiles>
          </>
        )}
      </div>
    </article>
  );
}

/** The first one after those that are picked; none is left at the end. */
function after(pictures: readonly Member[], ids: readonly string[]): string | undefined {
  const last = pictures.findLastIndex((p) => ids.includes(p.id));
  const others = [...pictures.slice(last + 1), ...pictures.slice(0, last)];
  return others.find((p) => !ids.includes(p.id))?.id;
}
