import { withDeadline } from '../base/deadline.ts';
import { DeadlineError, InfrastructureError, KernspecError, messageOf } from '../base/errors.ts';
import { Inapplicable, isViolation } from '../claims/violation.ts';
import type { Verdict } from '../claims/verdict.ts';
import { MachineFailure, type FailureKind } from '../../vm/failure.ts';

/** What came of one spec, before it becomes a result of the record. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Why, when the claim does not hold: the assertion that failed, or what went wrong on our side. */
  readonly error?: string;
  /** What became of the machine, when that is why. */
  readonly failure?: FailureKind;
}

/** What a judge must know of the machine under a spec. */
export interface Judged {
  /** Rejects when the machine fails, which outweighs whatever the spec then says. */
  readonly failed: Promise<never>;
  readonly slowdown: number;
  /** What the kernel has complained about meanwhile, although the machine went on. */
  readonly trouble: () => MachineFailure | undefined;
  /** Why nothing happened any more. */
  readonly diagnose: () => Promise<MachineFailure>;
  /** Milliseconds the spec may take on the reference machine before we call it stuck. */
  readonly deadlineMs?: number;
}

const specDeadlineMs = 60_000;

/**
 * Runs the body of a spec and turns its outcome into a verdict: an assertion that fails, or a predicted fact that never
 * comes, speaks against the kernel; every other error is ours.
 */
export const judge = async (body: () => Promise<void>, machine: Judged): Promise<Judgement> => {
  let failure: unknown;
  machine.failed.catch((error: unknown) => (failure = error));
  try {
    const ms = (machine.deadlineMs ?? specDeadlineMs) * machine.slowdown;
    await withDeadline({ what: 'The end of the spec', ms }, Promise.race([body(), machine.failed]));
  } catch (error) {
    if (failure !== undefined) return judgementOf(failure);
    return judgementOf(error instanceof DeadlineError ? because(await machine.diagnose(), error) : error);
  }
  const trouble = machine.trouble();
  return trouble === undefined ? { verdict: 'holds' } : judgementOf(trouble);
};

/** The failure together with what was waited for in vain when it was found. */
const because = (failure: MachineFailure, { message }: DeadlineError): MachineFailure =>
  new MachineFailure(failure.kind, `${failure.message} ${message}`, failure.details);

/** What an error says about the claim: only a violation speaks against the kernel. */
export const judgementOf = (error: unknown): Judgement => {
  if (error instanceof Inapplicable) return { verdict: 'inapplicable', error: error.message };
  if (isViolation(error)) return { verdict: 'violated', error: error.message + comparison(error) };
  return {
    verdict: 'inconclusive',
    error: describe(error),
    ...(error instanceof MachineFailure && { failure: error.kind }),
  };
};

/** What a failed assertion compared, line by line: the message of an assertion shortens both sides. */
const comparison = (error: Error): string => {
  if (!('actual' in error) || !('expected' in error)) return '';
  const [seen, wanted] = [linesOf(error.actual), linesOf(error.expected)];
  if (seen.length + wanted.length <= 2) return '';
  return [
    ...wanted.filter((line) => !seen.includes(line)).map((line) => `- ${line}`),
    ...seen.map((line) => `${wanted.includes(line) ? ' ' : '+'} ${line}`),
  ]
    .map((line) => `\n${line}`)
    .join('');
};

const linesOf = (value: unknown): readonly string[] =>
  (typeof value === 'string' ? value : ((JSON.stringify(value, null, 1) as string | undefined) ?? 'undefined')).split(
    '\n',
  );

const describe = (error: unknown): string => {
  const details = error instanceof KernspecError && error.details !== undefined ? `\n${error.details}` : '';
  const stack = error instanceof KernspecError || !(error instanceof Error) ? '' : `\n${error.stack ?? ''}`;
  return `${messageOf(error)} (${kindOf(error)})${details}${stack}`;
};

const kindOf = (error: unknown): string => {
  if (error instanceof MachineFailure) return error.kind;
  if (error instanceof DeadlineError) return 'deadline';
  return error instanceof InfrastructureError ? error.name : 'our bug';
};
