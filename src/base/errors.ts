/**
 * Every error that a person may see. One class per decision the caller makes: whose fault it is decides the verdict
 * and the exit code. Programmer errors stay plain `Error`s.
 */
export interface ErrorDetails {
  /** What to do about it: one sentence or one command. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Longer material for the person who looks closer: a console tail, a step log. */
  readonly details?: string;
}

export abstract class KernspecError extends Error {
  readonly hint: string | undefined;
  readonly details: string | undefined;

  constructor(message: string, { hint, cause, details }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.hint = hint;
    this.details = details;
  }
}

/** The person typed something that cannot be meant: an unknown selector, claim or option. Exit code 2. */
export class UsageError extends KernspecError {}

/** What was asked for is well-formed but names nothing. Exit code 4. */
export class NothingSelectedError extends KernspecError {}

/** Our side failed: nothing is said about the kernel. Verdict `inconclusive`, exit code 3. */
export class InfrastructureError extends KernspecError {}

/** The workstation lacks something: a program, disk space, the network. */
export class HostError extends InfrastructureError {}

/** The machine did not come up: QEMU refused to start, the kernel panicked, or it never got ready. */
export class BootError extends InfrastructureError {}

/** The connection to a machine broke, or the machine itself died under it. */
export class LinkError extends InfrastructureError {}

/** A named wait ended without what it waited for. */
export class DeadlineError extends InfrastructureError {}

/** A program of `guest/` broke its protocol: our bug, never the kernel's. */
export class FixtureError extends InfrastructureError {}

/** The message of any thrown value. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The `code` of a Node system error such as `ENOSPC`, or undefined. */
const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** The disk of a path is full. */
export const noSpaceError = (doing: string, path: string, cause: unknown): HostError =>
  new HostError(`No space left on the disk of ${path} while ${doing}.`, {
    hint: 'Free some space, run `kernspec clean`, or point KERNSPEC_CACHE_DIR or KERNSPEC_RUNS_DIR at another disk.',
    cause,
  });

/** Rewords the system errors that a person can mend (full disk, no permission) as a {@link HostError}; anything else is returned as it is. */
export const asHostError = (error: unknown, doing: string, path: string): unknown => {
  switch (errnoOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return noSpaceError(doing, path, error);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new HostError(`No permission to use ${path} while ${doing}.`, {
        hint: 'Mend its owner and mode, or point KERNSPEC_CACHE_DIR or KERNSPEC_RUNS_DIR at a directory of your own.',
        cause: error,
      });
    case 'ENOTDIR':
    case 'EEXIST':
      return new HostError(`${path} cannot be used while ${doing}: something on the way to it is no directory.`, {
        hint: 'Remove what is in the way, or point KERNSPEC_CACHE_DIR at another directory.',
        cause: error,
      });
    case undefined:
    default:
      return error;
  }
};
