import { Button } from "react-aria-components";
import { saveAgain, saveFile } from "../state/projects";
import { useRunning, useStore } from "../state/store";
import { noun } from "../state/task";
import { count } from "../state/words";

/** What is in this tab only, why, and what to do about it; nothing while all is saved. */
export function Unsaved() {
  const project = useStore((s) => s.project);
  const writing = useRunning("project");
  if (!project?.problem) return null;
  return (
    <div className="unsaved" role="alert">
      <p>
        <strong>{project.unsaved > 0 ? `${count(project.unsaved, noun)} not saved.` : "The last change is not saved."}</strong> {capital(project.problem.message)}.
      </p>
      <div className="row">
        <Button className="button small" onPress={() => void saveAgain()}>
          Try again
        </Button>
        <Button className="button quiet small" isDisabled={writing} onPress={() => void saveFile(true)}>
          Save as a file
        </Button>
      </div>
    </div>
  );
}

function capital(words: string): string {
  return `${words[0]!.toUpperCase()}${words.slice(1)}`;
}
