// Storage that fails as a test says, in the workers of one learner.

/** Run in a page, after the helpers. */
export function faults() {
  const patch = (list) => `{
    let faults = ${JSON.stringify(list)};
    let opened = 0;
    const channel = new BroadcastChannel("faults");
    channel.onmessage = ({ data }) => {
      if (!data.faults) return;
      faults = data.faults;
      channel.postMessage({ opened });
    };
    for (const does of ["get", "put"]) {
      const real = IDBObjectStore.prototype[does];
      IDBObjectStore.prototype[does] = function (...given) {
        const [key] = given.slice(does === "put" ? 1 : 0).flat().slice(-1);
        const fault = faults.find((one) => one.does === does && one.store === this.name && (one.key === undefined || one.key === key));
        if (fault) throw new DOMException("the test wants it so", fault.error);
        return real.apply(this, given);
      };
    }
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function (...given) {
      opened++;
      return open.apply(this, given);
    };
  }`;
  /** Of a learner with `workers: 1`. `list`: what fails from the beginning, `{ does, store, key, error }`. */
  globalThis.faulty = (list) => ({ device: "cpu", workers: 1, worker: patchedWorker(patch(list)) });
  /** From now on these fail. → how many connections each worker has opened. */
  globalThis.nowFails = async (list) => {
    const channel = new BroadcastChannel("faults");
    const heard = [];
    await new Promise((resolve) => {
      // Its own and the extractor's.
      channel.onmessage = ({ data }) => data.opened !== undefined && heard.push(data.opened) === 2 && resolve();
      channel.postMessage({ faults: list });
    });
    channel.close();
    return heard;
  };
  /** What really is in the storage. */
  globalThis.records = (store) =>
    new Promise((resolve) => {
      indexedDB.open("headstart").onsuccess = ({ target: { result: db } }) => {
        const all = db.transaction(store).objectStore(store).getAll();
        all.onsuccess = () => {
          db.close();
          resolve(all.result);
        };
      };
    });
}
