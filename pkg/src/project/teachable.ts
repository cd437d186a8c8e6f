// Image projects of Google's Teachable Machine. "Download project as file" makes a zip called project.tm: manifest.json with
// `{ "type": "image", "version": "2.4.7", … }`, and beside it every picture as `<class>-!-<number>.jpg`, in no folder. "Download samples" of a
// class makes `<class>-samples.zip`, with `0.jpg`, `1.jpg`, … in it.
import type { FileEntry } from "@zip.js/zip.js";
import type { Sample, TeachableProject } from "../../index";
import { badOption } from "../check";
import { HeadstartError } from "../errors";

const OF_CLASS = /^(.+)-!-\d+\.(?:jpe?g|png|webp)$/i;
const PICTURE = /\.(?:jpe?g|png|webp)$/i;

/** Errors: `bad-project`. */
export async function readTeachableMachine(file: Blob): Promise<TeachableProject> {
  if (!(file instanceof Blob)) throw badOption("file", "a Blob");
  // Loaded when there is one to open.
  const { BlobReader, BlobWriter, TextWriter, ZipReader, configure } = await import("@zip.js/zip.js");
  // The browser's own decompression runs beside the page already, and blob workers of a library's making need not be allowed.
  configure({ useWebWorkers: false });
  let entries: FileEntry[];
  try {
    entries = (await new ZipReader(new BlobReader(file)).getEntries()).filter((entry): entry is FileEntry => !entry.directory);
  } catch (error) {
    throw bad(`it cannot be opened as a zip (${error instanceof Error ? error.message : String(error)})`);
  }
  const base = ({ filename }: FileEntry) => filename.split("/").at(-1)!;
  const manifest = entries.find((entry) => base(entry) === "manifest.json");
  if (manifest) {
    const type = await manifest.getData(new TextWriter()).then((text) => (JSON.parse(text) as { type?: unknown } | null)?.type, () => undefined);
    if (type !== "image") throw bad(`it is a project of type ${JSON.stringify(type) ?? "unknown"}; only image projects can be opened`);
  }
  const samplesOf = file instanceof File ? file.name.match(/^(.+)-samples(?: ?\(\d+\))?\.zip$/i)?.[1] : undefined;
  const files = entries.flatMap((entry) => {
    const name = base(entry);
    const label = name.match(OF_CLASS)?.[1] ?? (manifest || !PICTURE.test(name) ? undefined : samplesOf);
    const type = /\.png$/i.test(name) ? "image/png" : /\.webp$/i.test(name) ? "image/webp" : "image/jpeg";
    return label === undefined ? [] : [{ name, label, open: () => entry.getData(new BlobWriter(type)) }];
  });
  if (files.length === 0) throw bad(manifest ? "there is no picture in it" : "it is no project of Teachable Machine, which has a manifest.json, or its pictures are in the cloud only");
  return {
    labels: [...new Set(files.map(({ label }) => label))],
    files,
    async *[Symbol.asyncIterator](): AsyncGenerator<Sample & { data: Blob }> {
      for (const { name, label, open } of files) yield { data: await open(), name, label };
    },
  };
}

function bad(why: string): HeadstartError {
  return new HeadstartError("bad-project", `this file cannot be read as a Teachable Machine project: ${why}`);
}
