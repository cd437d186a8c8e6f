import type { ReactNode } from "react";
import { Checkbox } from "react-aria-components";

export function Check({ isSelected, onChange, children }: { isSelected: boolean; onChange: (on: boolean) => void; children: ReactNode }) {
  return (
    <Checkbox className="check" isSelected={isSelected} onChange={onChange}>
      {({ isSelected: on }) => (
        <>
          <span className="box" aria-hidden="true">
            {on ? "✓" : ""}
          </span>
          {children}
        </>
      )}
    </Checkbox>
  );
}
