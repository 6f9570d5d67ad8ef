/** What `kernspec bench` measures. Everything returns samples; nothing is judged here. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CleanupStack } from '../../base/cleanup-stack.ts';
import { HostError } from '../../base/errors.ts';
import { projectRoot } from '../../base/paths.ts';
import { run } from '../../base/process.ts';
import { actor } from '../../harness/fixture.ts';
import { Guest } from '../../harness/guest.ts';
import type { BootableKernel } from '../../harness/plan.ts';
import { RunRecord } from '../../report/record.ts';
import { launch, machineName, openLink, type Machine } from '../../../vm/machine.ts';
import type { Template } from '../../../vm/template.ts';

/** Runs something and says how many ms it took. What it returns is disposed of outside that time. */
const timed = async (work: () => Promise<AsyncDisposable | undefined>): Promise<number> => {
  const begin = performance.now();
  const kept = await work();
  const ms = performance.now() - begin;
  await kept?.[Symbol.asyncDispose]();
  return ms;
};

/** Milliseconds, a sample for each round. */
export interface StartTimes {
  readonly qemuStart: number[];
  readonly boot: number[];
  readonly clone: number[];
  readonly handshake: number[];
}

/**
 * How long a machine takes from nothing to its first answer, booted and cloned, and the two limits of that: QEMU's own
 * start, and an ssh handshake with a guest that waits for it. Round by round, so that all meet the same weather.
 */
export const measureStarts = async (
  { kernel, initramfs, accelerator }: BootableKernel,
  template: Template,
  rounds: number,
  onRound: (round: number) => void,
): Promise<StartTimes> => {
  const times: StartTimes = { qemuStart: [], boot: [], clone: [], handshake: [] };
  const options = { accelerator };
  for (let round = 1; round <= rounds; round++) {
    onRound(round);
    times.boot.push(await timed(() => launch({ kernel: kernel.image, initramfs, accelerator })));
    times.qemuStart.push(await timed(() => template.startEmpty(options, machineName())));
    times.clone.push(await timed(() => template.clone(options)));
    await using guest = await template.wake(options, machineName());
    times.handshake.push(await timed(() => openLink(guest, 1)));
  }
  return times;
};

/** Milliseconds of one command on a connection that stands, from asking to its exit code. */
export const measureCommands = async (machine: Machine, times: number): Promise<number[]> => {
  const samples: number[] = [];
  for (let round = 0; round < times; round++)
    samples.push(await timed(() => machine.exec('true').then(() => undefined)));
  return samples;
};

/** Milliseconds of a pid namespace, from wanting it to its init's end and the last of its trace. */
export const measureNamespaces = async (machine: Machine, times: number): Promise<number[]> => {
  const samples: number[] = [];
  for (let round = 0; round < times; round++)
    samples.push(
      await timed(async () => {
        const guest = new Guest(machine);
        const init = await guest.pidNamespace(actor('exit 0'));
        await init.ended();
        return guest;
      }),
    );
  return samples;
};

/** Proportional set size of a process, MB. (proc_pid_smaps_rollup: man 5 proc_pid_smaps) */
const pssOf = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return (Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024) / 1e6;
};

export interface Crowd {
  /** Milliseconds until all had answered. */
  readonly ms: number;
  /** Of each machine, MB, when all stand idle. */
  readonly pss: number[];
}

/** So many clones at the same time. */
export const measureCrowd = async (
  { accelerator }: BootableKernel,
  template: Template,
  count: number,
): Promise<Crowd> => {
  await using machines = new CleanupStack();
  const begin = performance.now();
  const slowdown = Math.max(1, count / cpus().length);
  const pids = await Promise.all(
    Array.from({ length: count }, async () => machines.use(await template.clone({ accelerator, slowdown })).pid),
  );
  const ms = performance.now() - begin;
  return { ms, pss: await Promise.all(pids.map(pssOf)) };
};

/** A run as a user starts it. */
export interface MeasuredRun {
  readonly ms: number;
  /** On all kernels together. */
  readonly verdicts: number;
}

/**
 * Runs `kernspec run` and takes its time.
 *
 * @throws HostError when it does not end with "every claim holds": its time would mean nothing
 */
export const measureRun = async (args: readonly string[]): Promise<MeasuredRun> => {
  const runs = await mkdtemp(join(tmpdir(), 'kernspec-bench-'));
  const json = join(runs, 'record.json');
  try {
    const begin = performance.now();
    const command = [join(projectRoot, 'bin/kernspec.js'), 'run', ...args, '--json', json];
    const { exitCode, stderr } = await run(process.execPath, command, { env: { KERNSPEC_RUNS_DIR: runs } });
    const ms = performance.now() - begin;
    if (exitCode !== 0)
      throw new HostError(`"kernspec run ${args.join(' ')}" ended with ${exitCode}; nothing to measure.`, {
        hint: 'Run it by itself, and see why; --no-run measures the rest.',
        details: stderr.split('\n').slice(-20).join('\n'),
      });
    const { results } = RunRecord.parse(JSON.parse(await readFile(json, 'utf8')));
    return { ms, verdicts: results.length };
  } finally {
    await rm(runs, { recursive: true, force: true });
  }
};
