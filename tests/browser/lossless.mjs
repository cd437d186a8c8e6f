// What goes wrong while a project is read or written loses nothing: it is said, and what is there stays there.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { faults } from "./faults.mjs";
import { withProfile, withStorage } from "./profile.mjs";

/** `work` in a page whose learners can be given faults. */
const withFaults = (work) =>
  withStorage(async (open) => {
    const page = await open();
    await page.evaluate(faults);
    const found = await page.evaluate(work);
    assert.deepEqual(page.complaints, []);
    return found;
  });

test("what cannot be read while a project is opened stays in it, whatever is done to the rest", async () => {
  const found = await withFaults(async () => {
    const options = { task: "image", device: "cpu", workers: 1, project: "unread" };
    const made = await createLearner(options);
    await made.add(await painted(3));
    await trained(made);
    const ids = (await made.samples()).map(({ id }) => id);
    await made.close();
    const { content: key } = (await records("samples")).find(({ id }) => id === ids[1]);
    const lost = (store, error = "NotReadableError") => ({ does: "get", store, key, error });
    const opened = (list, onProgress) => createLearner({ ...options, ...faulty(list), onProgress });
    // Of the whole storage, and perhaps for a moment: no sample is to blame.
    const result = { moment: await code(opened([lost("contents", "UnknownError")])) };
    const notes = [];
    const some = await opened([lost("contents"), lost("sources")], ({ note }) => note && notes.push(note));
    result.some = { ids: (await some.samples()).map(({ id }) => ids.indexOf(id)), notes, model: some.model !== null };
    await some.relabel([ids[0]], "green");
    await some.remove([ids[2]]);
    await some.add([{ data: dot(0, 1), label: "dot", id: "new" }]);
    await some.close();
    // Its row alone: it is made again from the picture, and saved again.
    const again = await opened([lost("contents")]);
    result.again = (await again.samples()).map(({ id }) => ids.indexOf(id));
    await again.close();
    const all = await createLearner(options);
    result.all = { ids: (await all.samples()).map(({ id }) => ids.indexOf(id)), size: (await all.data([ids[1]]))[0].size, model: all.model !== null };
    await all.close();
    // A content has one sample, also where the one that had it could not be read.
    const twice = await opened([lost("contents"), lost("sources")]);
    await twice.add([{ ...(await painted(1))[1], id: "twin" }]);
    await twice.close();
    const last = await createLearner(options);
    await last.relabel(["new"], "red");
    await last.close();
    const end = await createLearner(options);
    result.end = [(await end.samples()).map(({ id }) => id).filter((id) => id === "twin" || id === ids[1]), (await end.data(["twin"]))[0].size];
    await end.close();
    return result;
  });
  assert.equal(found.moment, "no-storage");
  assert.deepEqual(found.some.ids, [0, 2, 3, 4, 5]);
  assert.equal(found.some.model, true);
  assert.match(found.some.notes.join(), /cannot be read, and stay in the project as they are: blue0\.png/);
  assert.deepEqual(found.again, [0, 1, 3, 4, 5, -1]);
  assert.deepEqual(found.all.ids, found.again);
  assert.ok(found.all.size > 0 && found.all.model);
  assert.deepEqual(found.end[0], ["twin"]);
  assert.ok(found.end[1] > 0);
});

test("without a model or a picture that cannot be read a project opens with the rest, and says so", async () => {
  const found = await withFaults(async () => {
    const options = { task: "image", device: "cpu", workers: 1, project: "rest" };
    const made = await createLearner(options);
    await made.add(await painted(3));
    await trained(made);
    const [one, two] = await made.samples();
    await made.close();
    const { content: key } = (await records("samples")).find(({ id }) => id === one.id);
    const opened = async (list) => {
      const notes = [];
      const learner = await createLearner({ ...options, ...faulty(list), onProgress: ({ note }) => note && notes.push(note) });
      const seen = { samples: (await learner.samples()).length, notes, model: learner.model?.stale ?? null, data: (await learner.data([one.id, two.id])).map((blob) => blob !== null) };
      await learner.relabel([two.id], "green");
      await learner.close();
      return seen;
    };
    const result = { lost: await opened(["models", "sources"].map((store) => ({ does: "get", store, key: store === "sources" ? key : undefined, error: "NotReadableError" }))) };
    result.back = await opened([]);
    await new Promise((resolve) => {
      indexedDB.open("headstart").onsuccess = ({ target: { result: db } }) => {
        const models = db.transaction("models", "readwrite").objectStore("models");
        models.openCursor().onsuccess = ({ target: { result: cursor } }) => {
          cursor.update({ ...cursor.value, state: cursor.value.state.slice(0, 1000) }).onsuccess = () => resolve(db.close());
        };
      };
    });
    result.cut = await opened([]);
    const broken = await createLearner({ ...options, ...faulty([{ does: "get", store: "sources", error: "UnknownError" }]) });
    result.file = (await broken.export("project")).size > 6 * 1280 * 4;
    await broken.close();
    return result;
  });
  assert.deepEqual(found.lost, { samples: 6, notes: ["the model cannot be read; train again"], model: null, data: [false, true] });
  assert.deepEqual(found.back, { samples: 6, notes: [], model: true, data: [true, true] });
  assert.ok(found.file, "of what is in memory there is a file, also while the storage is away");
  assert.deepEqual(found.cut, { samples: 6, notes: ["the model cannot be read; train again"], model: null, data: [true, true] });
});

test("rows by another backbone that have no room are never written under its name beside those from before", async () => {
  const found = await withFaults(async () => {
    const project = "swapped";
    const made = await createLearner({ task: "image", device: "cpu", workers: 1, project });
    await made.add(await painted(3));
    const [first] = await made.samples();
    const before = made.backbone.sha256;
    await made.close();
    const saved = async () => {
      const [{ backbone, name }] = await records("projects");
      return { old: backbone.sha256 === before, name, label: (await records("samples")).find(({ id }) => id === first.id).label };
    };
    const rows = async () => JSON.stringify((await records("contents")).map(({ row }) => [...row.slice(0, 50)]));
    const rowsBefore = await rows();
    const swapped = await createLearner({ task: "image", project, backbone: "/packs/efficientnet-lite0-f32/manifest.json", ...faulty([{ does: "put", store: "contents", error: "QuotaExceededError" }]) });
    const result = { opened: [swapped.project.problem?.code, await saved()] };
    await swapped.relabel([first.id], "green");
    await trained(swapped);
    await renameProject(project, "renamed");
    result.edited = [swapped.project.problem?.code, await saved(), (await rows()) === rowsBefore];
    await nowFails([]);
    await swapped.relabel([first.id], "white");
    result.healed = [swapped.project.problem, await saved(), (await rows()) === rowsBefore];
    await swapped.close();
    return result;
  });
  assert.deepEqual(found.opened, ["storage-full", { old: true, name: "swapped", label: "red" }]);
  assert.deepEqual(found.edited, ["storage-full", { old: true, name: "renamed", label: "red" }, true]);
  assert.deepEqual(found.healed, [null, { old: false, name: "renamed", label: "white" }, false]);
});

test("a picture that cannot be read is left out of a change of backbones, and is there again with the backbone from before", async () => {
  const found = await withFaults(async () => {
    const project = "one bad";
    const made = await createLearner({ task: "image", device: "cpu", workers: 1, project });
    await made.add(await painted(2));
    const ids = (await made.samples()).map(({ id }) => id);
    await made.close();
    const { content: key } = (await records("samples")).find(({ id }) => id === ids[1]);
    const left = [];
    const opened = async (options) => {
      const learner = await createLearner({ task: "image", project, onProgress: ({ note }) => note && left.push(note), ...options });
      const seen = [(await learner.samples()).map(({ id }) => ids.indexOf(id)), learner.project.problem];
      await learner.close();
      return seen;
    };
    const swapped = await opened({ backbone: "/packs/efficientnet-lite0-f32/manifest.json", ...faulty([{ does: "get", store: "sources", key, error: "NotReadableError" }]) });
    const back = await opened({ backbone: "efficientnet-lite0", device: "cpu", workers: 1 });
    const again = await opened({ device: "cpu", workers: 1 });
    return { swapped, back, again, left, foreign: (await records("contents")).filter(({ of }) => of !== undefined).length };
  });
  assert.deepEqual([found.swapped, found.back, found.again], [[[0, 2, 3], null], [[0, 1, 2, 3], null], [[0, 1, 2, 3], null]]);
  assert.equal(found.left.length, 1);
  assert.match(found.left[0], /blue0\.png/);
  assert.equal(found.foreign, 0);
});

test("an edit that could not be saved is not forgotten by what is saved after it", async () => {
  const found = await withFaults(async () => {
    const learner = await createLearner({ task: "image", project: "edits", ...faulty([]) });
    await learner.add(await painted(4));
    const [one, two] = await learner.samples();
    const full = [{ does: "put", store: "samples", error: "QuotaExceededError" }];
    const label = async ({ id }) => (await records("samples")).find((sample) => sample.id === id).label;
    await nowFails(full);
    await learner.relabel([one.id], "green");
    const result = { failed: [learner.project.problem?.code, await label(one)] };
    await nowFails([]);
    const { unsaved } = await learner.add([{ data: dot(0, 1), label: "dot" }]);
    result.added = [unsaved, learner.project.problem, await label(one)];
    await nowFails(full);
    await learner.relabel([two.id], "green");
    await nowFails([]);
    await trained(learner);
    result.trained = [learner.project.problem, await label(two), (await records("models")).length];
    await learner.close();
    return result;
  });
  assert.deepEqual(found, { failed: ["storage-full", "red"], added: [[], null, "green"], trained: [null, "green", 1] });
});

test("of files that are changed or gone on the disk the saved copies are left; one that was not saved keeps nothing else from it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "headstart-disk-"));
  try {
    // A profile on the disk: the storage of a private window keeps no copies of files.
    await withProfile(async ({ open }) => {
      const page = await open();
      await page.evaluate(faults);
      const bytes = await page.evaluate(async () => Promise.all((await painted(2)).map(async ({ data }) => new Uint8Array(await data.arrayBuffer()).toBase64())));
      const files = bytes.map((one) => Buffer.from(one, "base64"));
      const paths = files.map((_, i) => join(folder, `${i}.png`));
      files.forEach((file, i) => writeFileSync(paths[i], file));
      await page.evaluate(() => document.body.append(Object.assign(document.createElement("input"), { type: "file", multiple: true })));
      await page.setInputFiles("input", paths);
      await page.evaluate(async () => {
        const given = [...document.querySelector("input").files].map((data, i) => ({ data, label: i % 2 ? "blue" : "red", id: String(i) }));
        globalThis.sizes = async (learner, ids) => Promise.all((await learner.data(ids)).map(async (blob) => (blob ? (await blob.arrayBuffer()).byteLength : null)));
        globalThis.learner = await createLearner({ task: "image", project: "disk", ...faulty([]) });
        await learner.add(given.slice(0, 2));
        await nowFails([{ does: "put", store: "samples", error: "QuotaExceededError" }]);
        await learner.add(given.slice(2));
      });
      writeFileSync(paths[0], "changed");
      rmSync(paths[1]);
      rmSync(paths[2]);
      const found = await page.evaluate(async () => {
        const result = { changed: await sizes(learner, ["0", "1"]) };
        await nowFails([]);
        await learner.save();
        await learner.remove(["0", "1"]);
        result.removed = (await records("sources")).length;
        await learner.undo();
        result.undone = await sizes(learner, ["0", "1"]);
        await learner.close();
        const again = await createLearner({ task: "image", device: "cpu", workers: 1, project: "disk" });
        result.again = await sizes(again, ["0", "1", "2", "3"]);
        await again.close();
        return result;
      });
      const [one, two, , four] = files.map(({ length }) => length);
      assert.deepEqual(found, { changed: [one, two], removed: 1, undone: [one, two], again: [one, two, null, four] });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a project file that is asked for during a training is written after it, with the model", async () => {
  const model = await withFaults(async () => {
    const learner = await createLearner({ task: "image", device: "cpu", workers: 1 });
    await learner.add(await painted(3));
    const [, file] = await Promise.all([trained(learner), learner.export("project")]);
    await learner.close();
    const opened = await openProject(file, { device: "cpu", workers: 1 });
    const [answer] = await opened.predict([(await painted(1, 9))[0].data]).catch((error) => [{ label: error.code }]);
    await opened.close();
    return [opened.model?.stale, answer.label];
  });
  assert.deepEqual(model, [false, "red"]);
});

test("pictures that are asked for together are read through one connection", async () => {
  const opened = await withFaults(async () => {
    const made = await createLearner({ task: "image", device: "cpu", workers: 1, project: "one" });
    await made.add(await painted(3));
    const ids = (await made.samples()).map(({ id }) => id);
    await made.close();
    const again = await createLearner({ task: "image", project: "one", ...faulty([]) });
    await again.data(ids);
    const counts = await nowFails([]);
    await again.close();
    return Math.max(...counts);
  });
  assert.equal(opened, 2, "one to restore with, one from then on");
});

test("a project file's address is not asked for anything, and a file that was opened in part leaves no project", async () => {
  const found = await withFaults(async () => {
    const learner = await createLearner({ task: "image", device: "cpu", workers: 1 });
    await learner.add(await painted(3));
    await trained(learner);
    const file = new Uint8Array(await (await learner.export("project")).arrayBuffer());
    await learner.close();
    const text = new TextDecoder("latin1").decode(file);
    const from = 'from\\":\\"';
    const at = text.indexOf(`${from}efficientnet-lite0`);
    // As long as the id.
    const address = file.slice();
    address.set(new TextEncoder().encode("http://a.example/m"), at + from.length);
    const options = { device: "cpu", workers: 1 };
    const result = { at, address: await openProject(address, options).catch(({ code, message }) => [code, message]) };
    const stop = new AbortController();
    result.stopped = await openProject(file, { ...options, project: "in part", signal: stop.signal, onProject: () => stop.abort() }).catch(({ name }) => name);
    result.left = (await listProjects()).map(({ name }) => name);
    return result;
  });
  assert.ok(found.at > 0);
  assert.equal(found.address[0], "bad-option");
  assert.match(found.address[1], /the files or the address of efficientnet-lite0/);
  assert.deepEqual([found.stopped, found.left], ["AbortError", []]);
});
