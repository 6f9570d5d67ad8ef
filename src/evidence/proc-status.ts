import { signalsInMask } from './signals.ts';

/** What a claim may want to know of /proc/PID/status. (proc_pid_status(5)) */
export interface ProcStatus {
  readonly name: string;
  /** R, S, D, T (stopped), t (tracing stop), Z (zombie), I, X. */
  readonly state: string;
  readonly pid: number;
  readonly ppid: number;
  readonly tracerPid: number;
  /** The pid in each namespace, from that of the procfs mount inwards. */
  readonly nspid: readonly number[];
  readonly nspgid: readonly number[];
  readonly threads: number;
  /** Pending for the thread, pending for the process, blocked, ignored, caught. */
  readonly sigPnd: ReadonlySet<string>;
  readonly shdPnd: ReadonlySet<string>;
  readonly sigBlk: ReadonlySet<string>;
  readonly sigIgn: ReadonlySet<string>;
  readonly sigCgt: ReadonlySet<string>;
}

/** Parses the text of /proc/PID/status. A zombie lacks the memory lines; fields that are missing become 0 or empty. */
export const parseProcStatus = (text: string): ProcStatus => {
  const fields = new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  );
  const field = (name: string): string => fields.get(name) ?? '';
  const numbers = (name: string): readonly number[] => (field(name) === '' ? [] : field(name).split(/\s+/).map(Number));
  const mask = (name: string): ReadonlySet<string> => signalsInMask(field(name) === '' ? '0' : field(name));
  return {
    name: field('Name'),
    state: field('State').slice(0, 1),
    pid: Number(field('Pid')),
    ppid: Number(field('PPid')),
    tracerPid: Number(field('TracerPid')),
    nspid: numbers('NSpid'),
    nspgid: numbers('NSpgid'),
    threads: Number(field('Threads')),
    sigPnd: mask('SigPnd'),
    shdPnd: mask('ShdPnd'),
    sigBlk: mask('SigBlk'),
    sigIgn: mask('SigIgn'),
    sigCgt: mask('SigCgt'),
  };
};
