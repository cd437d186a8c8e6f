import { Choose } from "../parts/Choose";
import { choose } from "../state/labelling";
import { useStore } from "../state/store";
import { noun } from "../state/task";

const KINDS = [
  ["classes", "a class, or several"],
  ["numbers", "a number"],
] as const;

/** What is to be learnt of the samples: what they are, or how much of something they show. */
export function LabelKind() {
  const numbers = useStore((s) => s.kind === "numbers");
  return <Choose label={`Each ${noun} gets`} value={numbers ? "numbers" : "classes"} choices={KINDS} onChoose={(kind) => void choose(kind)} />;
}
