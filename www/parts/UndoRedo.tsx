import { Button } from "react-aria-components";
import { redo, undo } from "../state/history";
import { useRunning, useStore } from "../state/store";

export function UndoRedo() {
  const canUndo = useStore((s) => s.canUndo);
  const canRedo = useStore((s) => s.canRedo);
  const collecting = useRunning("collect");
  return (
    <div className="row tools">
      <Button className="button quiet small" isDisabled={!canUndo || collecting} onPress={() => void undo()} aria-keyshortcuts="Control+Z Meta+Z">
        Undo
      </Button>
      <Button className="button quiet small" isDisabled={!canRedo || collecting} onPress={() => void redo()} aria-keyshortcuts="Control+Shift+Z Meta+Shift+Z">
        Redo
      </Button>
    </div>
  );
}
