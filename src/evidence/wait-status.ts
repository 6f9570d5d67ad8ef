import { signalName } from './signals.ts';

/** What wait(2) says of a child. */
export type WaitStatus =
  | { readonly by: 'exit'; readonly code: number }
  | { readonly by: 'signal'; readonly signal: string; readonly core: boolean }
  | { readonly by: 'stop'; readonly signal: string }
  | { readonly by: 'continue' };

/** Reads the raw status word of wait(2): WIFCONTINUED, WIFSTOPPED, WIFEXITED, WIFSIGNALED in that order. */
export const waitStatus = (word: number): WaitStatus => {
  if (word === 0xffff) return { by: 'continue' };
  if ((word & 0xff) === 0x7f) return { by: 'stop', signal: signalName((word >> 8) & 0xff) };
  if ((word & 0x7f) === 0) return { by: 'exit', code: (word >> 8) & 0xff };
  return { by: 'signal', signal: signalName(word & 0x7f), core: (word & 0x80) !== 0 };
};
