// Which project this tab had open last: its own where it was reloaded, otherwise that of whichever tab was used last.
import { task } from "./task";

const KEY = "headstart project";
type Task = typeof task;

export function remembered(of: Task = task): string | null {
  try {
    return sessionStorage.getItem(`${KEY} ${of}`) ?? localStorage.getItem(`${KEY} ${of}`);
  } catch {
    // A browser that is told to keep nothing.
    return null;
  }
}

export function remember(name: string, of: Task = task): void {
  try {
    for (const storage of [sessionStorage, localStorage]) storage.setItem(`${KEY} ${of}`, name);
  } catch {
    // The next visit begins with another project, and lists this one.
  }
}
