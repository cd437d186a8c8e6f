import { useState } from "react";
import { Button, FileTrigger } from "react-aria-components";
import { Check } from "../parts/Check";
import { JobBar } from "../parts/JobBar";
import { openFile, saveFile } from "../state/projects";
import { total, useRunning, useStore } from "../state/store";
import { nouns, task } from "../state/task";

/** A project as a file: written, or opened. */
export function ProjectFiles() {
  const samples = useStore(total);
  const running = useRunning("project");
  const [whole, setWhole] = useState(true);
  return (
    <section className="project-files" aria-label="Project files">
      <div className="row">
        <Button className="button quiet" isDisabled={samples === 0 || running} onPress={() => void saveFile(whole)}>
          Save as a file
        </Button>
        <FileTrigger acceptedFileTypes={[".headstart"]} onSelect={(files) => files?.[0] && void openFile(files[0])}>
          <Button className="button quiet" isDisabled={running}>
            Open a file
          </Button>
        </FileTrigger>
      </div>
      {task === "image" && (
        <Check isSelected={whole} onChange={setWhole}>
          With the {nouns} themselves: larger, but it can be fine-tuned again
        </Check>
      )}
      <JobBar of="project" />
    </section>
  );
}
