import { exitCodes } from './exit-codes.ts';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What ends in order when we are interrupted; nothing while we only prepare. */
let inOrder: AbortController | undefined;

/**
 * From here on SIGINT, SIGTERM and SIGHUP end us by way of exit(), so that whoever owns a process or an unfinished file
 * disposes of it; what is to end in order says so with {@link onInterrupt}.
 */
export const exitOnInterrupt = (): void => {
  const interrupt = (): void => {
    if (inOrder === undefined || inOrder.signal.aborted) process.exit(exitCodes.interrupted);
    process.stderr.write('\nending in order; once more to end at once\n');
    inOrder.abort();
  };
  for (const name of names) process.on(name, interrupt);
};

/**
 * The first interrupt aborts the signal, so that what runs can end in order; the second one ends us at once. Whatever
 * happens, `atExit` runs before we are gone: it must be synchronous.
 */
export const onInterrupt = (atExit: () => unknown): AsyncDisposable & { readonly signal: AbortSignal } => {
  const controller = new AbortController();
  inOrder = controller;
  const exit = (): void => void atExit();
  process.on('exit', exit);
  return {
    signal: controller.signal,
    [Symbol.asyncDispose]: () => {
      inOrder = undefined;
      process.off('exit', exit);
      return Promise.resolve();
    },
  };
};
