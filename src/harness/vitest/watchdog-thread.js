/** The thread of watchdog.ts. It sleeps on the word that the worker counts up, and ends the worker when it must end. */
import { workerData } from 'node:worker_threads';

const { beats, parent, silenceSeconds } = workerData;
for (let silent = 0; ;) {
  silent = Atomics.wait(beats, 0, Atomics.load(beats, 0), 1_000) === 'timed-out' ? silent + 1 : 0;
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  if (silent < silenceSeconds) continue;
  process._rawDebug(`The worker ${process.pid} has not looked up for ${silent} s: kernspec has a bug. It is ended.`);
  process.kill(process.pid, 'SIGKILL');
}
