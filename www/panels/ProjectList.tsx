import type { ProjectInfo } from "headstart";
import { useState } from "react";
import { Button } from "react-aria-components";
import { Ask } from "../parts/Ask";
import { Sure } from "../parts/Sure";
import { begin, drop, freeName, openNamed, rename, useProjects } from "../state/projects";
import { total, useStore } from "../state/store";
import { noun, task } from "../state/task";
import { count, megabytes } from "../state/words";

type Question = { is: "new"; name: string } | { is: "rename" | "delete"; name: string };

/** The projects that this browser keeps, and a new one. */
export function ProjectList() {
  const { list, problem } = useProjects();
  const project = useStore((s) => s.project);
  const samples = useStore(total);
  const [question, ask] = useState<Question | null>(null);
  // Why there is none stands above.
  if (list === null) return problem ? null : <p className="note">Looking them up …</p>;
  // One that is open is saved with its first sample, and is there before.
  const missing = project && !list.some(({ name }) => name === project.name);
  const answered = (work?: () => Promise<unknown>) => {
    ask(null);
    void work?.();
  };
  return (
    <>
      <ul className="projects" aria-label="Projects in this browser">
        {missing && <Row name={project.name} what={samples === 0 ? "open now; empty" : `open now; ${count(samples, noun)}, not saved`} onAsk={ask} />}
        {[...list].sort((a, b) => Number(b.name === project?.name) - Number(a.name === project?.name)).map((info) => (
          <Row key={info.name} info={info} name={info.name} what={described(info, info.name === project?.name)} onAsk={ask} />
        ))}
      </ul>
      <div className="row">
        <Button className="button quiet" onPress={() => void freeName().then((name) => ask({ is: "new", name }))}>
          New project
        </Button>
      </div>
      {question?.is === "new" && (
        <Ask title="New project" label="Name" initial={question.name} ok="Begin it" onAnswer={(name) => answered(name ? () => begin(name) : undefined)}>
          <p className="note">{project ? `“${project.name}” stays as it is, and can be opened again.` : "What is on the page now is not kept."}</p>
        </Ask>
      )}
      {question?.is === "rename" && (
        <Ask title={`Rename “${question.name}”`} label="Name" initial={question.name} ok="Rename it" onAnswer={(name) => answered(name && name !== question.name ? () => rename(question.name, name) : undefined)} />
      )}
      {question?.is === "delete" && (
        <Sure title={`Delete “${question.name}”?`} ok="Delete it" onAnswer={(yes) => answered(yes ? () => drop(question) : undefined)}>
          Its samples and its model are deleted from this browser for good. Save it as a file first if you may want it again.
        </Sure>
      )}
    </>
  );
}

function Row({ name, what, info, onAsk }: { name: string; what: string; info?: ProjectInfo; onAsk: (question: Question) => void }) {
  const open = useStore((s) => s.project?.name === name);
  return (
    <li className={open ? "open" : ""}>
      <p>
        <strong>{name}</strong>
        <span className="note">{what}</span>
      </p>
      <div className="row" role="group" aria-label={name}>
        {!open && (
          <Button className="button small" aria-label={`Open ${name}`} onPress={() => openNamed(name, info?.task)}>
            Open
          </Button>
        )}
        <Button className="button quiet small" aria-label={`Rename ${name}`} onPress={() => onAsk({ is: "rename", name })}>
          Rename
        </Button>
        <Button className="button quiet small" aria-label={`Delete ${name}`} onPress={() => onAsk({ is: "delete", name })}>
          Delete
        </Button>
      </div>
    </li>
  );
}

function described({ task: of, samples, labels, bytes, changed, model }: ProjectInfo, open: boolean): string {
  const what = count(samples, of === "text" ? "text" : "picture");
  const classes = labels.length > 0 ? ` in ${count(labels.length, "class", "classes")}` : "";
  const parts = [`${what}${classes}`, model ? "trained" : "not trained", megabytes(bytes), open ? "open now" : `changed ${new Date(changed).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}`];
  return (of === task ? parts : [of === "text" ? "texts" : "pictures", ...parts]).join(", ");
}
