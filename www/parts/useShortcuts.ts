import { useEffect, useRef } from "react";
import { type Found, fromChosen } from "../intake/found";
import { redo, undo } from "../state/history";
import { say, sentence } from "../state/store";

export const shortcutKey = /Mac|iP(hone|ad)/.test(navigator.userAgent) ? "⌘" : "Ctrl+";

/** Undo, redo and paste, wherever on the page. A text field keeps its own. */
export function useShortcuts(onFiles: (found: Found[]) => void, onText?: (text: string) => void): void {
  const latest = useRef({ onFiles, onText });
  latest.current = { onFiles, onText };
  useEffect(() => {
    const inText = (event: Event) => event.target instanceof HTMLElement && event.target.closest("input, textarea, [contenteditable]") !== null;
    const press = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || inText(event)) return;
      const pressed = event.key.toLowerCase();
      if (pressed === "z" && !event.shiftKey) void undo();
      else if ((pressed === "z" && event.shiftKey) || pressed === "y") void redo();
      else return;
      event.preventDefault();
    };
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      const text = event.clipboardData?.getData("text/plain") ?? "";
      // A drop zone that has the focus takes it for its own.
      if (event.defaultPrevented || inText(event)) return;
      if (files.length === 0 && text !== "" && latest.current.onText) {
        event.preventDefault();
        latest.current.onText(text);
      }
      if (files.length === 0) return;
      event.preventDefault();
      fromChosen(files).then((found) => latest.current.onFiles(found), (error: unknown) => say(sentence(error)));
    };
    addEventListener("keydown", press);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("keydown", press);
      removeEventListener("paste", paste);
    };
  }, []);
}
