import { LinkError } from '../src/base/errors.ts';

/** The ways in which a machine ends or breaks under us, told apart so that a report can name them. */
export type FailureKind =
  | 'boot-hang'
  | 'panic'
  | 'oops'
  | 'warning'
  | 'soft-lockup'
  | 'hung-task'
  | 'rcu-stall'
  | 'out-of-memory'
  | 'reboot'
  | 'qemu-exited'
  | 'link-lost'
  | 'unresponsive'
  | 'clock-stall'
  | 'spec-timeout';

/** A machine that can no longer be trusted. Our verdict on the claim that was running is `inconclusive`. */
export class MachineFailure extends LinkError {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, details?: string) {
    super(message, details === undefined ? {} : { details });
    this.kind = kind;
  }
}

/** What the console says when the kernel is in trouble. Order matters: a panic often follows an oops, the first line names the cause. */
const patterns: readonly { readonly kind: FailureKind; readonly pattern: RegExp }[] = [
  { kind: 'panic', pattern: /Kernel panic - not syncing/ },
  { kind: 'soft-lockup', pattern: /watchdog: BUG: (soft|hard) lockup/ },
  { kind: 'hung-task', pattern: /INFO: task .* blocked (on|for|in) .*more than \d+ seconds/ },
  { kind: 'rcu-stall', pattern: /rcu: INFO: .* (self-)?detected (expedited )?stalls?/ },
  { kind: 'out-of-memory', pattern: /\bOut of memory: Killed process/ },
  { kind: 'oops', pattern: /\bOops: |\bBUG: |\bkernel BUG at |general protection fault, |Internal error: / },
  { kind: 'warning', pattern: /\bWARNING: CPU: \d+ PID: \d+ at |\bWARNING: \S+:\d+ at |\bWARNING: possible / },
];

/**
 * The kind of trouble a console line tells of, or undefined. (Formats: kernel/panic.c, arch/x86/kernel/dumpstack.c,
 * kernel/watchdog.c, kernel/hung_task.c, kernel/rcu/tree_stall.h, mm/oom_kill.c.)
 */
export const failureOnConsole = (line: string): FailureKind | undefined => {
  if (/Memory cgroup out of memory/.test(line)) return undefined;
  return patterns.find(({ pattern }) => pattern.test(line))?.kind;
};
