// Projects through the face, in Chromium on the CPU: what is saved comes back, and what cannot be saved is said.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inPage } from "./chromium.mjs";
import { withStorage } from "./profile.mjs";

/** Largest difference of two lists of predictions; what they say must be the same. */
function apart(before, after) {
  assert.deepEqual(after.map((p) => [p.label, p.rejected, p.nearest]), before.map((p) => [p.label, p.rejected, p.nearest]));
  return Math.max(...before.flatMap((p, i) => [p.novelty - after[i].novelty, ...Object.keys(p.scores).map((name) => p.scores[name] - after[i].scores[name])].map(Math.abs)));
}

test("a project is there again in another page: samples in their order, labels, rows, model", async () => {
  await withStorage(async (open) => {
    const page = await open();
    const before = await page.evaluate(async () => {
      const seen = [];
      const learner = await createLearner({ task: "image", device: "cpu", project: "garden", seed: 3, onProject: (state) => seen.push(state) });
      const started = learner.project;
      const [first, ...others] = await painted(6);
      await learner.add([first]);
      const listed = await listProjects();
      await learner.add([...others, { data: new ImageData(40, 30), label: "red", name: "pixels", group: "g", slice: { camera: "old" } }, { data: dot(1, 4), name: "unlabelled" }]);
      const ids = (await learner.samples()).map((s) => s.id);
      await learner.relabel([ids[1], ids[2]], "blue");
      await learner.remove([ids[3], ids[5]]);
      await learner.undo();
      await learner.remove([ids[4]]);
      await trained(learner, { negative: "blue" });
      const report = await learner.evaluate();
      const test = (await painted(3, 20)).map((s) => s.data);
      const result = {
        started, listed, seen, model: learner.model, samples: await learner.samples(), report, predictions: await learner.predict(test, { reject: 0.3 }),
        rows: Array.from((await learner.embed(test)).data.slice(0, 20)),
        sizes: (await learner.data((await learner.samples()).map((s) => s.id))).map((blob) => blob.size),
        list: await listProjects(), room: await storage(), persisted: await navigator.storage.persisted(),
      };
      return result;
    });
    assert.deepEqual(before.started, { name: "garden", unsaved: 0, problem: null });
    assert.equal(before.listed[0].samples, 1, "saved with its first sample");
    assert.deepEqual([before.list.length, before.list[0].name, before.list[0].task, before.list[0].samples, before.list[0].labels.sort().join()], [1, "garden", "image", 13, "blue,red"]);
    assert.ok(before.list[0].bytes > 13 * 1280 * 4 && before.room.bytes > 0 && before.room.quota > before.room.bytes);
    assert.deepEqual([before.model.stale, before.model.tuned, before.model.negative], [false, false, "blue"]);
    // It goes as a tab goes that is closed.
    await page.close();
    const next = await open();
    const after = await next.evaluate(async () => {
      const progress = [];
      const learner = await createLearner({ task: "image", device: "cpu", project: "garden", onProgress: (p) => progress.push(p.stage) });
      const { seconds } = (await learner.evaluate()).bill;
      const test = (await painted(3, 20)).map((s) => s.data);
      const found = {
        progress, seconds, model: learner.model, labels: learner.labels, samples: await learner.samples(), predictions: await learner.predict(test, { reject: 0.3 }), report: await learner.evaluate(),
        rows: Array.from((await learner.embed(test)).data.slice(0, 20)), undo: await learner.undo(),
        sizes: (await learner.data((await learner.samples()).map((s) => s.id))).map((blob) => blob.size),
      };
      const ids = found.samples.map((s) => s.id);
      // What was saved and is taken out comes back with its picture, in the storage too.
      await learner.remove([ids[0], ids[6]]);
      found.stale = learner.model.stale;
      await learner.undo();
      await learner.close();
      const again = await createLearner({ task: "image", device: "cpu", project: "garden" });
      found.again = await again.samples();
      found.againSizes = (await again.data(ids)).map((blob) => blob.size);
      await again.close();
      return found;
    });
    assert.deepEqual(after.samples, before.samples);
    assert.deepEqual(after.again, before.samples);
    assert.deepEqual([after.sizes, after.againSizes], [before.sizes, before.sizes]);
    assert.equal(after.seconds.extract, undefined, "no row is made again");
    assert.deepEqual({ ...after.model, stale: false }, { ...before.model, stale: false });
    assert.deepEqual(after.labels.sort(), ["blue", "red"]);
    assert.ok(apart(before.predictions, after.predictions) < 1e-6);
    assert.deepEqual([after.rows, after.undo, after.stale], [before.rows, false, true]);
    assert.deepEqual({ ...after.report, bill: 0 }, { ...before.report, bill: 0 });
    assert.ok(after.progress.includes("open project"));
    assert.deepEqual(next.complaints, []);
  });
});

test("a tuned backbone, and texts with several labels and with numbers, come back and go to another profile as a file", async () => {
  const make = async (what) => {
    const learner = await createLearner({ task: what === "dots" ? "image" : "text", device: "cpu", project: what });
    if (what === "dots") {
      await learner.add(dots(12));
      await tuned(learner, { epochs: 3, folds: 2 });
      await learner.add([{ data: dot(0, 700), name: "later", label: "left" }]);
    } else {
      const words = ["apple", "pear", "plum", "hammer", "saw", "drill"];
      const label = (i) => (what === "several" ? [i < 3 ? "fruit" : "tool", ...(i % 2 ? ["odd"] : [])] : 10 * i + 0.5);
      await learner.add(words.flatMap((word, i) => ["a", "the", "my", "one"].map((a) => ({ data: `${a} ${word}`, label: label(i) }))));
      await trained(learner);
    }
    const asked = what === "dots" ? [dot(0, 801), dot(1, 802), dot(0, 803)] : ["a chisel", "the grape"];
    const predictions = await learner.predict(asked);
    const file = await learner.export("project");
    const bare = await learner.export("project", { samples: false });
    // As a string: playwright wraps every number of a list, and a file's millions fill node's memory.
    const bytes = async (blob) => new Uint8Array(await blob.arrayBuffer()).toBase64();
    const found = { predictions, tuned: learner.model.tuned, samples: await learner.samples(), file: await bytes(file), bare: await bytes(bare) };
    await learner.close();
    const again = await createLearner({ task: learner.task, device: "cpu", project: what });
    found.again = await again.predict(asked);
    found.model = again.model;
    await again.close();
    return found;
  };
  for (const what of ["dots", "several", "numbers"]) {
    const before = await inPage(make, what);
    assert.ok(apart(before.predictions, before.again) < 1e-6, what);
    assert.equal(before.model.tuned, before.tuned, what);
    assert.ok(what !== "dots" || before.bare.length < before.file.length);
    for (const file of [before.file, before.bare]) {
      const after = await inPage(async ({ what, written }) => {
        const file = Uint8Array.fromBase64(written);
        const learner = await openProject(file.slice(), { device: "cpu" });
        const asked = what === "dots" ? [dot(0, 801), dot(1, 802), dot(0, 803)] : ["a chisel", "the grape"];
        const found = { predictions: await learner.predict(asked), samples: await learner.samples(), project: learner.project, task: learner.task, list: await listProjects(), model: learner.model };
        await learner.close();
        // Saved here, it is a project like any other.
        const saved = await openProject(new Blob([file]), { device: "cpu", project: "from a file" });
        await saved.close();
        const again = await createLearner({ task: found.task, device: "cpu", project: "from a file" });
        found.again = await again.predict(asked);
        found.kept = (await again.data((await again.samples()).map((s) => s.id))).filter((one) => one !== null).length;
        await again.close();
        found.taken = await code(openProject(file, { device: "cpu", project: "from a file" }));
        return found;
      }, { what, written: file });
      assert.ok(apart(before.predictions, after.predictions) < 1e-6, what);
      assert.ok(apart(before.predictions, after.again) < 1e-6, what);
      assert.deepEqual(after.samples, before.samples);
      assert.deepEqual([after.project, after.list, after.taken, after.model.tuned], [null, [], "bad-option", before.tuned]);
      assert.equal(after.kept, what === "dots" && file === before.bare ? 0 : before.samples.length);
    }
  }
});

test("files that are none are refused by name, and a newer one politely", async () => {
  const found = await inPage(async () => {
    const learner = await createLearner({ task: "image", device: "cpu" });
    await learner.add(await painted(2));
    const file = new Uint8Array(await (await learner.export("project")).arrayBuffer());
    await learner.close();
    const refuse = (bytes, options = {}) => openProject(bytes, { device: "cpu", ...options }).then(() => "no error", (e) => [e.code, e.message]);
    const text = new TextDecoder("latin1").decode(file);
    const written = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
    const newer = written(text.replace('"version":"1"', '"version":"2"'));
    return {
      empty: (await refuse(new Uint8Array()))[0],
      letter: (await refuse(new TextEncoder().encode("Dear all, here is the project that you asked for.")))[0],
      half: (await refuse(file.slice(0, file.length / 2)))[0],
      cut: (await refuse(file.slice(0, file.length - 100)))[0],
      changed: (await refuse(written(text.replace("red0.png", "red9.png"))))[0],
      newer: await refuse(newer),
      task: (await refuse(file, { task: "text" }))[0],
      string: (await refuse("a name"))[0],
    };
  });
  assert.deepEqual({ ...found, newer: found.newer[0] }, { empty: "bad-project", letter: "bad-project", half: "bad-project", cut: "bad-project", changed: "bad-project", newer: "project-too-new", task: "bad-option", string: "bad-option" });
  assert.match(found.newer[1], /newer version/);
});

test("one project is open once; names, tasks and options that do not fit are refused", async () => {
  await withStorage(async (open) => {
    const [one, two] = [await open(), await open()];
    await one.evaluate(async () => {
      globalThis.learner = await createLearner({ task: "image", device: "cpu", project: "shared" });
      await learner.add(await painted(2));
    });
    const refused = await two.evaluate(async () => ({
      open: await code(createLearner({ task: "image", device: "cpu", project: "shared" })),
      remove: await code(deleteProject("shared")),
      rename: await code(renameProject("shared", "other")),
      empty: await code(createLearner({ task: "image", project: " " })),
      unknown: await code(deleteProject("nobody")),
      list: (await listProjects()).map((p) => p.name),
    }));
    assert.deepEqual(refused, { open: "project-open", remove: "project-open", rename: "project-open", empty: "bad-option", unknown: "unknown-id", list: ["shared"] });
    const here = await one.evaluate(async () => {
      const twice = await code(createLearner({ task: "image", device: "cpu", project: "shared" }));
      await renameProject("shared", "mine");
      const named = learner.project.name;
      await learner.add([{ data: dot(0, 5), label: "dot" }]);
      const list = (await listProjects()).map((p) => [p.name, p.samples]);
      await learner.close();
      const task = await code(createLearner({ task: "text", device: "cpu", project: "mine" }));
      // Closed, it can be opened at once.
      const again = await createLearner({ task: "image", device: "cpu", project: "mine" });
      const count = (await again.samples()).length;
      await again.close();
      const other = await createLearner({ task: "image", device: "cpu", project: "second" });
      await other.add(await painted(1));
      await other.close();
      const taken = await code(renameProject("second", "mine"));
      await renameProject("second", "third");
      await deleteProject("mine");
      return { twice, named, list, task, count, taken, left: (await listProjects()).map((p) => p.name) };
    });
    assert.deepEqual(here, { twice: "project-open", named: "mine", list: [["mine", 5]], task: "bad-option", count: 5, taken: "bad-option", left: ["third"] });
    assert.deepEqual([...one.complaints, ...two.complaints], []);
  });
});

test("a full storage is said, stops nothing, and loses nothing", async () => {
  await withStorage(async (open, context) => {
    const page = await open();
    const cdp = await context.newCDPSession(page);
    const quota = (quotaSize) => cdp.send("Storage.overrideQuotaForOrigin", { origin: new URL(page.url()).origin, quotaSize });
    // The backbone has its place; and Chromium looks at the quota before the first write, and then for half a minute no more.
    const used = await page.evaluate(async () => {
      await (await createLearner({ task: "image", device: "cpu" })).close();
      return (await storage()).bytes;
    });
    await quota(used + 3_000_000);
    await page.evaluate(async () => {
      globalThis.noise = async (n) => {
        const canvas = new OffscreenCanvas(256, 256);
        const image = new ImageData(256, 256);
        const random = numbers(n);
        for (let i = 0; i < image.data.length; i++) image.data[i] = i % 4 === 3 ? 255 : 256 * random();
        canvas.getContext("2d").putImageData(image, 0, 0);
        return { data: await canvas.convertToBlob(), label: n % 2 ? "odd" : "even", name: `noise ${n}` };
      };
      globalThis.states = [];
      globalThis.learner = await createLearner({ task: "image", device: "cpu", project: "full", onProject: (state) => states.push(state) });
      await learner.add([await noise(0), await noise(1)]);
    });
    const full = await page.evaluate(async () => {
      const report = await learner.add(await Promise.all(Array.from({ length: 20 }, (_, i) => noise(i + 2))));
      const { result } = { result: await trained(learner) };
      const predictions = await learner.predict([(await noise(90)).data]);
      const list = await listProjects();
      return { report, project: learner.project, states: states.length, samples: (await learner.samples()).length, kept: result.kept, predictions: predictions.length, saved: list[0].samples, save: await code(learner.save()) };
    });
    assert.deepEqual([full.report.added.length, full.samples, full.kept, full.predictions], [20, 22, true, 1]);
    assert.ok(full.report.unsaved.length > 0 && full.report.unsaved.length < 20, `${full.report.unsaved.length} of 20 have no room`);
    assert.deepEqual([full.project.problem.code, full.save], ["storage-full", "storage-full"]);
    assert.equal(full.project.unsaved + full.saved, 22);
    assert.match(full.project.problem.message, /saved before is safe/);
    assert.ok(full.states > 0);
    // The page goes, and another comes: what was saved is there.
    const other = await open();
    const closed = await page.evaluate(async () => {
      const file = await learner.export("project");
      globalThis.bytes = Array.from(new Uint8Array(await file.slice(0, 8).arrayBuffer()));
      return file.size;
    });
    assert.ok(closed > 22 * 100_000, "the file has all of it");
    await quota(used + 100_000_000);
    const better = await page.evaluate(async () => {
      await learner.save();
      const found = { project: learner.project, list: await listProjects() };
      await learner.close();
      return found;
    });
    assert.deepEqual([better.project.unsaved, better.project.problem, better.list[0].samples], [0, null, 22]);
    const again = await other.evaluate(async () => {
      const learner = await createLearner({ task: "image", device: "cpu", project: "full" });
      const found = { samples: (await learner.samples()).length, model: learner.model !== null, data: (await learner.data((await learner.samples()).map((s) => s.id))).every((blob) => blob.size > 0) };
      await learner.close();
      return found;
    });
    assert.deepEqual(again, { samples: 22, model: true, data: true });
  });
});

test("no storage, and storage that a newer version has made, are said", async () => {
  await withStorage(async (open) => {
    const none = await open({ setUp: (page) => page.addInitScript(() => Object.defineProperty(globalThis, "indexedDB", { value: undefined })) });
    assert.deepEqual(await none.evaluate(async () => [await code(createLearner({ task: "image", device: "cpu", project: "x" })), await code(listProjects())]), ["no-storage", "no-storage"]);
    const unlocked = await open({ setUp: (page) => page.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { value: undefined })) });
    assert.equal(await unlocked.evaluate(() => code(createLearner({ task: "image", device: "cpu", project: "x" }))), "no-storage");
    const locked = await open({ setUp: (page) => page.addInitScript(() => (LockManager.prototype.request = () => Promise.reject(new DOMException("not here", "SecurityError")))) });
    assert.deepEqual(await locked.evaluate(async () => [await code(createLearner({ task: "image", device: "cpu", project: "x" })), await code(deleteProject("x"))]), ["no-storage", "no-storage"]);
    const broken = await open({ setUp: (page) => page.addInitScript(() => (IDBIndex.prototype.get = IDBObjectStore.prototype.getAll = () => { throw new DOMException("it broke", "UnknownError"); })) });
    assert.deepEqual(await broken.evaluate(async () => [await code(listProjects()), await code(deleteProject("x")), await code(renameProject("x", "y"))]), ["no-storage", "no-storage", "no-storage"]);
    const newer = await open();
    const found = await newer.evaluate(async () => {
      await new Promise((resolve) => (indexedDB.open("headstart", 99).onsuccess = (event) => resolve(event.target.result.close())));
      return [await code(createLearner({ task: "image", device: "cpu", project: "x" })), await code(listProjects())];
    });
    assert.deepEqual(found, ["project-too-new", "project-too-new"]);
  });
});

test("a storage that is taken away while a project is open is written again", async () => {
  await withStorage(async (open, context) => {
    const page = await open();
    await page.evaluate(async () => {
      globalThis.learner = await createLearner({ task: "text", device: "cpu", project: "cleared" });
      await learner.add(["one apple", "one pear", "a saw", "a drill"].map((data, i) => ({ data, label: i < 2 ? "fruit" : "tool" })));
      await trained(learner);
    });
    const cdp = await context.newCDPSession(page);
    await cdp.send("Storage.clearDataForOrigin", { origin: new URL(page.url()).origin, storageTypes: "indexeddb" });
    const found = await page.evaluate(async () => {
      await learner.save();
      await learner.add([{ data: "my plum", label: "fruit" }]);
      const list = await listProjects();
      const { project } = learner;
      await learner.close();
      const again = await createLearner({ task: "text", device: "cpu", project: "cleared" });
      const result = { list: list.map((p) => p.samples), project, samples: (await again.samples()).length, model: again.model !== null, label: (await again.predict(["a pear"]))[0].label };
      await again.close();
      return result;
    });
    assert.deepEqual(found, { list: [5], project: { name: "cleared", unsaved: 0, problem: null }, samples: 5, model: true, label: "fruit" });
  });
});

test('after a first visit a learner opens with network "never"; a pack that has changed is fetched again, or refused', async () => {
  for (const [task, id] of [["image", "efficientnet-lite0"], ["text", "all-minilm-l6-v2"]]) {
    await withStorage(async (open, context) => {
      const asked = [];
      context.on("request", (request) => request.url().includes("/backbones/") && asked.push(request.url()));
      const first = await open();
      assert.equal(await first.evaluate((task) => code(createLearner({ task, device: "cpu", network: "never" })), task), "network");
      assert.deepEqual(asked, []);
      await first.evaluate(async (task) => (await createLearner({ task, device: "cpu" })).close(), task);
      await first.close();
      assert.ok(asked.length >= 2);
      asked.length = 0;
      const second = await open();
      const bytes = await second.evaluate(async (task) => {
        const learner = await createLearner({ task, device: "cpu", network: "never" });
        await learner.add(task === "text" ? ["a", "b", "c", "d"].map((data, i) => ({ data, label: i % 2 ? "x" : "y" })) : await painted(2));
        const report = await trained(learner).then(() => learner.evaluate());
        await learner.close();
        return report.bill.bytes;
      }, task);
      assert.deepEqual([bytes, asked], [0, []]);
      // The manifest alone is asked for on a visit with the network.
      await second.evaluate(async (task) => (await createLearner({ task, device: "cpu" })).close(), task);
      assert.deepEqual(asked.map((url) => url.split("/").at(-1)), ["manifest.json"]);
      // Offline the one that is kept will do.
      await context.route("**/backbones/**", (route) => route.abort());
      await second.evaluate(async (task) => (await createLearner({ task, device: "cpu" })).close(), task);
      await context.unroute("**/backbones/**");
      const spoilt = await second.evaluate(async (task) => {
        const spoil = async () => {
          const cache = await caches.open("headstart-packs");
          for (const request of await cache.keys()) {
            if (!request.url.includes("/sha256/")) continue;
            const bytes = new Uint8Array(await (await cache.match(request)).arrayBuffer());
            bytes[bytes.length >> 1] ^= 1;
            await cache.put(request, new Response(bytes));
          }
        };
        await spoil();
        const never = await code(createLearner({ task, device: "cpu", network: "never" }));
        await spoil();
        const again = await createLearner({ task, device: "cpu" });
        await again.close();
        const mended = await createLearner({ task, device: "cpu", network: "never" });
        await mended.close();
        return { never, id: mended.backbone.id };
      }, task);
      assert.deepEqual(spoilt, { never: "hash-mismatch", id });
    });
  }
});

test("a pack that an app imports is kept as well, and no file goes that another pack has", async () => {
  await withStorage(async (open, context) => {
    const opened = (page, options) =>
      page.evaluate(async (options) => {
        const { default: backbone } = await import("/pkg/backbones/efficientnet-lite0.js");
        return code(createLearner({ task: "image", device: "cpu", workers: 1, ...(options.imported ? { backbone } : {}), network: options.network }).then((learner) => learner.close()));
      }, options);
    const first = await open();
    assert.equal(await opened(first, { imported: true, network: "never" }), "network");
    assert.equal(await opened(first, { imported: true }), "no error");
    await first.close();
    const second = await open();
    assert.equal(await opened(second, { imported: true, network: "never" }), "no error");
    // By its address it is the same file, and then another one.
    assert.equal(await opened(second, {}), "no error");
    await context.route("**/pkg/backbones/efficientnet-lite0/*", (route) => route.continue({ url: route.request().url().replace("/pkg/backbones/efficientnet-lite0/", "/packs/efficientnet-lite0-f32/") }));
    assert.equal(await opened(second, {}), "no error");
    assert.equal(await opened(second, { imported: true, network: "never" }), "no error");
  });
});

test("another backbone: rows are made again from the sources, and without them it is refused; a pack of another shape too", async () => {
  await withStorage(async (open) => {
    const page = await open();
    const found = await page.evaluate(async () => {
      const other = "/packs/efficientnet-lite0-f32/manifest.json";
      const learner = await createLearner({ task: "image", device: "cpu", project: "swap" });
      await learner.add([...(await painted(5)), { data: new ImageData(30, 40), label: "red", name: "pixels" }]);
      await trained(learner);
      const bare = await learner.export("project", { samples: false });
      const whole = await learner.export("project");
      const before = await learner.samples();
      await learner.close();
      const differs = await openProject(bare, { device: "cpu", backbone: other }).catch((e) => [e.code, e.message]);
      const progress = [];
      const swapped = await createLearner({ task: "image", device: "cpu", project: "swap", backbone: other, onProgress: (p) => progress.push(p) });
      const result = { differs, same: JSON.stringify(await swapped.samples()) === JSON.stringify(before), model: swapped.model, untrained: await code(swapped.predict([before])) };
      result.features = progress.filter((p) => p.stage === "features by another backbone").at(-1);
      result.report = (await trained(swapped)).kept;
      const { sha256 } = swapped.backbone;
      await swapped.close();
      // It is remembered, and its rows are those that are saved now.
      const again = await createLearner({ task: "image", device: "cpu", project: "swap" });
      result.again = [again.backbone.sha256 === sha256, again.model !== null];
      await again.close();
      const file = await openProject(whole, { device: "cpu", backbone: other });
      result.file = [file.backbone.sha256 === sha256, (await file.samples()).length, file.model];
      await file.close();
      const at = async (name) => (await fetch(`/pkg/backbones/efficientnet-lite0/${name}`)).blob();
      const pack = { "manifest.json": await at("manifest.json"), "model.safetensors": await at("model.safetensors") };
      const manifest = JSON.parse(await pack["manifest.json"].text());
      const refuse = (change) => code(createLearner({ task: "image", device: "cpu", backbone: { ...pack, "manifest.json": new Blob([JSON.stringify({ ...manifest, ...change })]) } }));
      result.shape = [await refuse({ dim: 640 }), await refuse({ architecture: "efficientnet-lite9" }), await refuse({ files: manifest.files.map((f) => ({ ...f, sha256: "0".repeat(64) })) })];
      // Files have no address to open them from again.
      const given = await createLearner({ task: "image", device: "cpu", project: "given", backbone: pack });
      await given.add(await painted(1));
      await given.close();
      result.given = [await code(createLearner({ task: "image", device: "cpu", project: "given" })), await code(createLearner({ task: "image", device: "cpu", project: "given", backbone: pack }).then((l) => l.close()))];
      // One that has a name is opened by it again, also after it was given its files.
      const byName = await createLearner({ task: "image", device: "cpu", project: "named" });
      await byName.add(await painted(1));
      await byName.close();
      const byFiles = await createLearner({ task: "image", device: "cpu", project: "named", backbone: pack });
      await byFiles.add(await painted(1, 1));
      await byFiles.close();
      result.named = await code(createLearner({ task: "image", device: "cpu", project: "named" }).then((l) => l.close()));
      return result;
    });
    assert.equal(found.named, "no error");
    assert.equal(found.differs[0], "backbone-differs");
    assert.match(found.differs[1], /11 of 11/);
    assert.deepEqual([found.same, found.model, found.untrained, found.report], [true, null, "not-trained", true]);
    assert.deepEqual([found.features.done, found.features.total], [11, 11]);
    assert.deepEqual([found.again, found.file], [[true, true], [true, 11, null]]);
    assert.deepEqual(found.shape, ["bad-pack", "bad-pack", "hash-mismatch"]);
    assert.deepEqual(found.given, ["bad-option", "no error"]);
  });
});

test("a Teachable Machine project is taken in by class; one of sounds is refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "headstart-tm-"));
  try {
    const pictures = await inPage(async () => Promise.all((await painted(2)).map(async ({ data, label }) => [label, Array.from(new Uint8Array(await data.arrayBuffer()))])));
    const count = { red: 0, blue: 0 };
    for (const [label, bytes] of pictures) writeFileSync(join(folder, `${label === "red" ? "Rot (1)" : "Blau"}-!-${count[label]++}.png`), Buffer.from(bytes));
    const zip = (name, manifest) => {
      writeFileSync(join(folder, "manifest.json"), manifest);
      execFileSync("sh", ["-c", `python3 -m zipfile -c ${name} *.png manifest.json`], { cwd: folder });
      return Array.from(readFileSync(join(folder, name)));
    };
    const image = zip("image.tm", '{"type":"image","version":"2.4.7","appdata":{"publishResults":{},"trainEpochs":50}}');
    const sound = zip("sound.tm", '{"type":"audio","version":"2.4.7"}');
    mkdirSync(join(folder, "samples"));
    writeFileSync(join(folder, "samples/0.png"), Buffer.from(pictures[0][1]));
    execFileSync("python3", ["-m", "zipfile", "-c", "../class.zip", "0.png"], { cwd: join(folder, "samples") });
    const ofClass = Array.from(readFileSync(join(folder, "class.zip")));
    const found = await inPage(
      async ({ image, sound, ofClass }) => {
        const blob = (bytes, name) => new File([new Uint8Array(bytes)], name);
        const learner = await createLearner({ task: "image", device: "cpu" });
        const project = await readTeachableMachine(blob(image, "project.tm"));
        const report = await learner.add(project);
        const samples = (await learner.samples()).map(({ label, name }) => [label, name]).sort();
        await learner.close();
        const one = await readTeachableMachine(blob(ofClass, "Class 1-samples (2).zip"));
        return {
          labels: project.labels.sort(), count: project.files.length, added: report.added.length, samples,
          one: one.files.map(({ label, name }) => [label, name]),
          sound: await code(readTeachableMachine(blob(sound, "sound.tm"))),
          letter: await code(readTeachableMachine(new Blob(["Dear all"]))),
          other: await code(readTeachableMachine(blob(ofClass, "holiday.zip"))),
        };
      },
      { image, sound, ofClass },
    );
    assert.deepEqual(found, {
      labels: ["Blau", "Rot (1)"], count: 4, added: 4,
      samples: [["Blau", "Blau-!-0.png"], ["Blau", "Blau-!-1.png"], ["Rot (1)", "Rot (1)-!-0.png"], ["Rot (1)", "Rot (1)-!-1.png"]],
      one: [["Class 1", "0.png"]], sound: "bad-project", letter: "bad-project", other: "bad-project",
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
