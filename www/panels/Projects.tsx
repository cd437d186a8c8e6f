import { useState } from "react";
import { Button } from "react-aria-components";
import { Window } from "../parts/Window";
import { lookUp, useProjects } from "../state/projects";
import { useStore } from "../state/store";
import { ProjectFiles } from "./ProjectFiles";
import { ProjectList } from "./ProjectList";
import { Room } from "./Room";

/** The project that is open, in the top bar; pressed, all of them. */
export function Projects() {
  const project = useStore((s) => s.project);
  const problem = useProjects((s) => s.problem);
  const [isOpen, setOpen] = useState(false);
  const saved = project === null ? "not saved" : !project.problem ? "saved" : project.unsaved > 0 ? `${project.unsaved} not saved` : "last change not saved";
  return (
    <>
      <Button
        className="button quiet small project"
        onPress={() => {
          useProjects.setState({ problem: null });
          setOpen(true);
          void lookUp();
        }}
      >
        <span className="unseen">Projects: </span>
        <span className="project-name">{project?.name ?? "No project"}</span>{" "}
        <span className={project?.problem ? "warn" : "soft"}>{saved}</span>
      </Button>
      {isOpen && (
        <Window title="Projects" onClose={() => setOpen(false)}>
          <p className="note">
            {project
              ? "What you do is saved in this browser as you do it, on this machine only. A project file carries it to another."
              : "This browser keeps nothing for this page: what is here ends with the tab. A project file keeps it."}
          </p>
          {problem && (
            <p className="note warn" role="alert">
              {problem}
            </p>
          )}
          <ProjectList />
          <Room />
          <ProjectFiles />
          <div className="row end">
            <Button className="button quiet" onPress={() => setOpen(false)}>
              Close
            </Button>
          </div>
        </Window>
      )}
    </>
  );
}
