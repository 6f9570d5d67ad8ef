import { exitCodes } from './exit-codes.ts';

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts the signal, so that what runs can end in order; the second one ends us at
 * once. Whatever happens, `atExit` runs before we are gone: it must be synchronous.
 */
export const onInterrupt = (atExit: () => unknown): AsyncDisposable & { readonly signal: AbortSignal } => {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    process.stderr.write('\nending in order; once more to end at once\n');
    controller.abort();
  };
  const exit = (): void => void atExit();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, interrupt);
  process.on('exit', exit);
  return {
    signal: controller.signal,
    [Symbol.asyncDispose]: () => {
      for (const name of names) process.off(name, interrupt);
      process.off('exit', exit);
      return Promise.resolve();
    },
  };
};
