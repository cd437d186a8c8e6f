import type { DoctorReport, Label } from "headstart";
import { Button, MenuTrigger, Popover } from "react-aria-components";
import { passFocus } from "../parts/passFocus";
import { Seen } from "../parts/Seen";
import { useMembers } from "../parts/useMembers";
import { keyOfDuplicates, keyOfIssue, keyOfOutlier, leave, useDoctor } from "../state/doctor";
import { figure, shown } from "../state/labels";
import { give, move } from "../state/labelling";
import { remove } from "../state/samples";
import { type Member, realNames, useStore } from "../state/store";
import { noun, nouns, task } from "../state/task";
import { count, list } from "../state/words";
import { OtherClasses } from "./ClassTools";
import { Findings, Settle } from "./Finding";
import { GiveNumber } from "./GiveNumber";

/** Of a group of near-duplicates. */
const SHOWN = 6;

export function WrongLabels({ found }: { found: DoctorReport["labelIssues"] }) {
  const known = useMembers();
  const kept = useDoctor((s) => s.kept);
  // With another label than the check saw, it is no longer that finding.
  const open = found.filter((issue) => known.get(issue.id)?.label === shown(issue.given) && !kept.has(keyOfIssue(issue)));
  return (
    <Findings
      title="Likely wrong labels"
      what={`A model that learnt from the other ${nouns} would have called these something else. The likeliest mistakes come first.`}
      none="No label is likely wrong."
      all={open}
      keyOf={keyOfIssue}
    >
      {(issue) => (
        <>
          <Seen member={known.get(issue.id)!} />
          <p>
            <strong>{shown(issue.given)}</strong> → <strong>{rounded(issue.suggested)}</strong> <span className="soft">score {issue.score.toFixed(2)}</span>
          </p>
          <div className="row">
            <Settle onPress={() => void give([issue.id], typeof issue.suggested === "number" ? Number(figure(issue.suggested)) : issue.suggested)}>Make it {rounded(issue.suggested)}</Settle>
            <Settle onPress={() => leave(keyOfIssue(issue))}>Keep</Settle>
          </div>
        </>
      )}
    </Findings>
  );
}

/** What the others say a number should be has not all the digits that it is computed with. */
function rounded(label: Label): string {
  return typeof label === "number" ? figure(label) : shown(label);
}

export function NearDuplicates({ found }: { found: DoctorReport["nearDuplicates"] }) {
  const known = useMembers();
  const kept = useDoctor((s) => s.kept);
  const open = found
    .filter((group) => !kept.has(keyOfDuplicates(group)))
    .map((group) => ({ ...group, key: keyOfDuplicates(group), members: group.ids.flatMap((id) => known.get(id) ?? []) }))
    // One label is enough to put a difference right.
    .filter(({ members, labelsDiffer }) => members.length > 1 && (!labelsDiffer || labelsOf(members).length > 1));
  return (
    <Findings
      title="Almost the same"
      what={`Groups of ${nouns} that can hardly be told apart. With different labels, one of the labels is wrong; with the same label they teach little, and make the report hopeful.`}
      none={`No two ${nouns} are almost the same.`}
      all={open}
      keyOf={({ key }) => key}
    >
      {({ key, members, similarity }) => {
        const labels = labelsOf(members);
        const ids = members.map((m) => m.id);
        return (
          <>
            <div className="group">
              {members.slice(0, SHOWN).map((member) => (
                <div key={member.id}>
                  <Seen member={member} />
                  <span className="note">{member.label || "no label"}</span>
                </div>
              ))}
            </div>
            <p>
              {count(members.length, noun)}
              {members.length > SHOWN && ` (${SHOWN} are shown)`}, {labels.length > 1 ? <strong>labelled {list(labels)}</strong> : `all ${labels[0] || "without a label"}`}{" "}
              <span className="soft">similarity {similarity.toFixed(3)}</span>
            </p>
            <div className="row">
              {labels.length > 1 &&
                labels.map((label) => (
                  <Settle key={label} onPress={() => void give(ids, members.find((m) => m.label === label)!.given!)}>
                    Make all {label}
                  </Settle>
                ))}
              <Settle onPress={() => void remove(ids.slice(1))}>Remove all but the first</Settle>
              <Settle onPress={() => leave(key)}>Keep</Settle>
            </div>
          </>
        );
      }}
    </Findings>
  );
}

function labelsOf(members: readonly Member[]): string[] {
  return [...new Set(members.map((m) => m.label).filter((label) => label !== ""))];
}

export function Outliers({ found }: { found: DoctorReport["outliers"] }) {
  const known = useMembers();
  const kept = useDoctor((s) => s.kept);
  const open = found.filter((one) => known.has(one.id) && !kept.has(keyOfOutlier(one)));
  const numbers = useStore((s) => s.kind === "numbers");
  return (
    <Findings
      title={numbers ? "Unlike all others" : "Unlike every class"}
      what={`Perhaps they came in by mistake. The strangest come first: 0 is just like ${numbers ? "the others" : "a class"}, 2 as unlike as can be.`}
      none={`No ${noun} is unlike ${numbers ? "all others" : "every class"}.`}
      all={open}
      keyOf={keyOfOutlier}
    >
      {(one) => (
        <>
          <Seen member={known.get(one.id)!} />
          <p>
            {known.get(one.id)!.label || "no label"} <span className="soft">strangeness {one.score.toFixed(2)}</span>
          </p>
          <div className="row">
            <Settle onPress={() => void remove([one.id])}>Remove</Settle>
            <Settle onPress={() => leave(keyOfOutlier(one))}>Keep</Settle>
          </div>
        </>
      )}
    </Findings>
  );
}

/** So many classes have a button each; of more there is a menu. */
const BUTTONS = 8;

export function LabelNext({ found }: { found: DoctorReport["labelNext"] }) {
  const known = useMembers();
  const classes = realNames(useStore((s) => s.classes));
  const kind = useStore((s) => s.kind);
  const waiting = useStore((s) => s.classes.some((c) => c.name === "" && c.members.length > 0));
  const open = found.filter((id) => known.get(id)?.label === "");
  const where = task === "text" ? "Import a table without labels" : "Put some into “Without a label”";
  return (
    <Findings
      title="Worth a label next"
      what={`Of the ${nouns} without a label, these would teach the most: doubtful ones, unlike each other.`}
      none={waiting ? `There is no other ${noun} without a label that would teach much.` : `No ${noun} waits for a label. ${where}, and the next check says which would teach the most.`}
      all={open}
      keyOf={(id) => id}
    >
      {(id) => (
        <>
          <Seen member={known.get(id)!} />
          <div className="row" role="group" aria-label="It is …">
            {kind === "numbers" ? (
              <GiveNumber ids={[id]} onGive={passFocus} />
            ) : classes.length <= BUTTONS ? (
              classes.map((name) => (
                <Settle key={name} onPress={() => void move([id], name)}>
                  {name}
                </Settle>
              ))
            ) : (
              <MenuTrigger>
                <Button className="button quiet small">Choose class</Button>
                <Popover className="popover">
                  <OtherClasses than="" onChoose={(to) => void move([id], to)} />
                </Popover>
              </MenuTrigger>
            )}
          </div>
        </>
      )}
    </Findings>
  );
}

export function Imbalance({ found }: { found: DoctorReport["imbalance"] }) {
  const sentences = found.map(({ label, count: n, median }) => `${label} has ${count(n, noun)}, the class in the middle ${median}: it will be missed more often. Add more of it if you can.`);
  return (
    <Findings title="Small classes" what="Less than a third of what other classes have." none="No class is much smaller than the others." all={sentences} keyOf={(words) => words}>
      {(words) => <p>{words}</p>}
    </Findings>
  );
}
