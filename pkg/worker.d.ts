/** A script for workers, without exports: `worker: () => new Worker(new URL("headstart/worker", import.meta.url), { type: "module" })`. */
export {};
