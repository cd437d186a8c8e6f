import { Button, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import { say, set, useStore } from "../state/store";
import { task } from "../state/task";
import { count } from "../state/words";

/** Files that could not be used, each with its reason, to read or to copy. */
export function Problems() {
  const problems = useStore((s) => s.problems);
  if (problems.length === 0) return null;
  const lines = task === "text" || problems.some((p) => p.code === "bad-line");
  const copy = () => {
    const text = problems.map((p) => `${p.name}\t${p.code}\t${p.message}`).join("\n");
    // Only pages from https or this machine have a clipboard; there the list can still be marked and copied.
    Promise.resolve(navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard here"))).then(
      () => say("The list was copied."),
      () => say("This browser does not allow copying: mark the list and copy it by hand."),
    );
  };
  return (
    <Disclosure className="problems">
      <Heading level={3}>
        <Button slot="trigger" className="button quiet small">
          {lines ? count(problems.length, "line or file was", "lines or files were") : count(problems.length, "file was", "files were")} left out
        </Button>
      </Heading>
      <DisclosurePanel>
        <ul>
          {problems.slice(0, 500).map((p, i) => (
            <li key={i}>
              <strong>{p.name}</strong>: {p.message} <code>{p.code}</code>
            </li>
          ))}
        </ul>
        {problems.length > 500 && <p className="note">and {problems.length - 500} more, in the copy.</p>}
        <div className="row">
          <Button className="button quiet small" onPress={copy}>
            Copy the list
          </Button>
          <Button className="button quiet small" onPress={() => set({ problems: [] })}>
            Clear
          </Button>
        </div>
      </DisclosurePanel>
    </Disclosure>
  );
}
