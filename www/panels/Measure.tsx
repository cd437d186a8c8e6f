/** The name of a number, and for those who do not know it what it is. */
export function Measure({ name, what }: { name: string; what: string }) {
  return (
    <div className="measure">
      {name} <span className="note">{what}</span>
    </div>
  );
}
