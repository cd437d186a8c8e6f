import { Check } from "../parts/Check";
import { refuse, useRefuse } from "../state/predictions";

/** Without it the model answers with one of its classes whatever it is shown. */
export function Refuse() {
  const { on } = useRefuse();
  return (
    <Check isSelected={on} onChange={(to) => void refuse(to)}>
      Say “none of these” for what is strange
    </Check>
  );
}
