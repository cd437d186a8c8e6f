// The package, loaded as it ships: from the folder beside the page, not bundled into it.
const folder = new URL("headstart/", document.baseURI).href;

/** For a worker of the page's own making. */
export const workerScript = `${folder}worker.js`;

export const { createLearner, openProject, listProjects, renameProject, deleteProject, storage, readTeachableMachine, HeadstartError } = (await import(
  /* @vite-ignore */ `${folder}index.js`
)) as typeof import("headstart");
