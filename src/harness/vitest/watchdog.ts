import { Worker } from 'node:worker_threads';

/** Seconds for which a worker may compute without looking up. What it waits for has deadlines of its own. */
const silenceSeconds = 60;

let watched = false;

/**
 * Has a thread end this worker, and with it its machines, when the worker never comes back from a computation, or when
 * the process that wants its results is gone and it does not notice.
 */
export const watchOver = (): void => {
  if (watched) return;
  watched = true;
  const beats = new Int32Array(new SharedArrayBuffer(4));
  new Worker(new URL('watchdog-thread.js', import.meta.url), {
    workerData: { beats, parent: process.ppid, silenceSeconds },
  }).unref();
  setInterval(() => {
    Atomics.add(beats, 0, 1);
    Atomics.notify(beats, 0);
  }, 500).unref();
};
