import { Check } from "../parts/Check";
import { NEEDED, refuse, useRefuse } from "../state/predictions";
import { type Learnt, useStore } from "../state/store";
import { noun, nouns } from "../state/task";
import { count } from "../state/words";

/** Without it the model answers with one of its classes whatever it is shown. */
export function Refuse() {
  const { on } = useRefuse();
  const learnt = useStore((s) => s.learnt);
  return (
    <div className="refuse">
      <Check isSelected={on} onChange={(to) => void refuse(to)}>
        Say “none of these” for what is strange
      </Check>
      {on && learnt && <p className={learnt.known < NEEDED ? "note warn" : "note"}>{promise(learnt)}</p>}
    </div>
  );
}

/** What can be expected of it. */
function promise({ known, negative }: Learnt): string {
  const like = negative === null ? "" : ` What looks like ${negative} is refused too.`;
  if (known >= NEEDED) return `About 1 in 20 ${nouns} of your own kinds may be refused by mistake.${like}`;
  const alone = negative === null ? "it refuses nothing" : `it refuses nothing but what looks like ${negative}`;
  return `The model learnt from ${count(known, noun)}. To tell what is strange, and refuse no more than 1 in 20 of your own by mistake, takes ${NEEDED} or more: until then ${alone}. Add ${NEEDED - known} and train again.`;
}
