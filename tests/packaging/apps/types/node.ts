import { readFile } from "node:fs/promises";
import { openExport } from "headstart/predict";

const opened = await openExport<number>(await readFile("model.safetensors"));
const [first] = await opened.predict([await readFile("picture.jpg")]);
const { ok }: { ok: boolean } = await opened.verify();
console.log(first!.label satisfies number | null, ok, opened.info.backbone.licence.toUpperCase());
