import { NothingSelectedError, UsageError, type KernspecError } from '../base/errors.ts';

/** What the command line's exit codes mean; documented in README.md. */
export const exitCodes = {
  ok: 0,
  violated: 1,
  usage: 2,
  infrastructure: 3,
  nothingSelected: 4,
  /** A kernel of one's own could not be judged: what `git bisect run` calls untestable. (git-bisect(1)) */
  untestable: 125,
  interrupted: 130,
} as const;

/** Whose fault an error is decides the exit code. */
export const exitCodeOfError = (error: KernspecError): number => {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof NothingSelectedError) return exitCodes.nothingSelected;
  return exitCodes.infrastructure;
};
