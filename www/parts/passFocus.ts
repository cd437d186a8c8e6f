/** A row that goes away takes the focus with it: hands it to the row after, or to the panel when it was the last. */
export function passFocus(pressed: Element): void {
  const row = pressed.closest("li");
  const next = (row?.nextElementSibling ?? row?.previousElementSibling)?.querySelector<HTMLElement>("input, button");
  (next ?? pressed.closest<HTMLElement>(".panel"))?.focus();
}
