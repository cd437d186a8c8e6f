import { textOf } from "../state/contents";
import type { Member } from "../state/store";
import { task } from "../state/task";
import { Thumb } from "./Thumb";

/** A sample in a list: its thumbnail, or the text itself. */
export function Seen({ member: { id, name } }: { member: Member }) {
  if (task === "text") return <span className="seen-text">{textOf(id)}</span>;
  return (
    <span className="seen-picture">
      <Thumb id={id} alt={name} />
    </span>
  );
}
