import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Command } from 'commander';
import { NothingSelectedError } from '../../base/errors.ts';
import type { BootableKernel } from '../../harness/plan.ts';
import { benchTable, figure, median, secondsPerFurther, type BenchRecord, type Figure } from '../../report/bench.ts';
import { qemuVersion } from '../../../vm/qemu/accel.ts';
import type { Template } from '../../../vm/template.ts';
import {
  measureCommands,
  measureCrowd,
  measureNamespaces,
  measureRun,
  measureStarts,
  type MeasuredRun,
} from '../bench/measure.ts';
import { wantsColor, writeJson } from '../output.ts';
import { prepareKernels, templateOf } from '../prepare.ts';
import { Progress } from '../progress.ts';
import { positive, selectedClaims } from '../selection.ts';
import { packageVersion } from '../version.ts';

interface BenchOptions {
  readonly kernel: string;
  readonly rounds: number;
  readonly crowd: readonly number[];
  readonly run: boolean;
  readonly claims?: readonly string[];
  readonly json?: string | true;
}

const crowds = [1, 4, 16, 64];

const another = (value: string, previous: readonly number[]): readonly number[] => [
  ...(previous === crowds ? [] : previous),
  positive(value),
];

/** `kernspec bench` */
export const registerBench = (program: Command): void => {
  program
    .command('bench')
    .description('measure machines and runs: medians and ratios of one session, each beside its limit')
    .option('-k, --kernel <selector>', 'the kernel to boot', 'newest')
    .option('--rounds <n>', 'boots and clones to measure', positive, 5)
    .option('--crowd <n...>', 'so many clones at the same time', another, crowds)
    .option('--no-run', 'leave out the whole runs')
    .option('--claims <filter...>', 'whole runs of these claims alone')
    .option('--json [file]', 'the figures as JSON, on stdout or in a file')
    .action(bench);
};

const bench = async ({ kernel: selector, rounds, crowd, run, claims = [], json }: BenchOptions): Promise<void> => {
  const progress = new Progress();
  const started = new Date().toISOString();
  const [bootable] = (await prepareKernels([selector], progress)).slice(-1);
  if (bootable === undefined) throw new NothingSelectedError(`No kernel is meant by "${selector}".`);
  const environment = await environmentOf(bootable);
  const template = await templateOf(bootable, progress);
  const figures: Figure[] = [];
  try {
    figures.push(...(await startFigures(bootable, template, rounds, progress)));
    figures.push(...(await idleFigures(bootable, template, rounds, progress)));
    figures.push(...(await crowdFigures(bootable, template, crowd, progress)));
    if (run) for await (const measured of runFigures(selector, claims, progress)) figures.push(measured);
  } finally {
    // What has been measured is told, whatever comes behind it.
    progress.clear();
    const record: BenchRecord = { schema: 1, started, environment, figures };
    if (json !== undefined) await writeJson(record, json);
    (json === true ? process.stderr : process.stdout).write(
      `${benchTable(record, { color: wantsColor(process.stdout) })}\n`,
    );
  }
};

const environmentOf = async ({ kernel, accelerator }: BootableKernel): Promise<BenchRecord['environment']> => ({
  kernspec: packageVersion,
  node: process.version,
  qemu: await qemuVersion(),
  accel: accelerator.accel,
  accelReason: accelerator.reason,
  kernel: kernel.release,
  hostKernel: release(),
  cpuModel: cpus()[0]?.model ?? 'unknown',
  cpus: cpus().length,
  memoryMiB: Math.round(totalmem() / 2 ** 20),
  load: loadavg()[0] ?? 0,
});

const startFigures = async (
  bootable: BootableKernel,
  template: Template,
  rounds: number,
  progress: Progress,
): Promise<readonly Figure[]> => {
  const { qemuStart, boot, clone, handshake } = await measureStarts(bootable, template, rounds, (round) =>
    progress.phase(`boots and clones, round ${round} of ${rounds}`),
  );
  const ratios = boot.map((ms, round) => ms / (clone[round] ?? NaN));
  const least = { what: 'start of QEMU + handshake', median: median(qemuStart) + median(handshake) };
  return [
    figure('qemu-start', 'QEMU alone, until it speaks QMP', 'ms', qemuStart),
    figure('handshake', 'ssh handshake with a guest that waits', 'ms', handshake),
    figure('boot', 'cold boot → first answer', 'ms', boot, {
      limit: { what: 'start of QEMU', median: median(qemuStart) },
    }),
    figure('clone', 'clone → first answer', 'ms', clone, { reach: { atMost: 250 }, limit: least }),
    figure('boot-to-clone', 'cold boot : clone', '×', ratios, { reach: { atLeast: 12 } }),
  ];
};

const idleFigures = async (
  { accelerator }: BootableKernel,
  template: Template,
  rounds: number,
  progress: Progress,
): Promise<readonly Figure[]> => {
  progress.phase('commands and namespaces in one machine');
  await using machine = await template.clone({ accelerator });
  const commands = await measureCommands(machine, 10 * rounds);
  const namespaces = await measureNamespaces(machine, 4 * rounds);
  return [
    figure('command', 'command on an open connection', 'ms', commands, { reach: { atMost: 20 } }),
    figure('namespace', 'pid namespace: made, seen, ended', 'ms', namespaces, {
      limit: { what: 'a command', median: median(commands) },
    }),
  ];
};

const crowdFigures = async (
  bootable: BootableKernel,
  template: Template,
  crowd: readonly number[],
  progress: Progress,
): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  for (const count of crowd) {
    progress.phase(`${count} clones at once`);
    const { ms, pss } = await measureCrowd(bootable, template, count);
    const known = count === 16;
    figures.push(
      figure(`clones-${count}`, `${count} at once, all answered`, 's', [ms / 1000], {
        ...(known && { reach: { atMost: 2.5 } }),
      }),
      figure(`rate-${count}`, `${count} at once: clones per second`, '1/s', [(1000 * count) / ms]),
      figure(`pss-${count}`, `${count} at once: PSS of each, idle`, 'MB', pss, {
        ...(known && { reach: { atMost: 40 } }),
      }),
    );
  }
  return figures;
};

/** Whole runs on warm templates, of all claims or of those that the filters mean. */
async function* runFigures(kernel: string, filters: readonly string[], progress: Progress): AsyncGenerator<Figure> {
  const measured = (what: string, args: readonly string[]): Promise<MeasuredRun> => {
    progress.phase(`a whole run: ${what}`);
    return measureRun(args);
  };
  const timed = (id: string, what: string, { ms }: MeasuredRun, atMost: number): Figure =>
    figure(id, what, 's', [ms / 1000], { reach: { atMost } });
  const few = await measured(`signature claims on ${kernel}`, [...filters, '--tag', 'signature', '--kernel', kernel]);
  const all = await measured(`all claims on ${kernel}`, [...filters, '--kernel', kernel]);
  yield timed('run-one', `${all.verdicts} claims on one kernel`, all, 45);
  const further = secondsPerFurther(few, all);
  yield figure('run-further', 'a further claim on one kernel', 's', [further], { reach: { atMost: 0.2 } });
  const { selected } = await selectedClaims(filters, { tag: [] });
  const usual = selected.filter(({ claim }) => ['signature', 'machine'].some((tag) => claim.tags?.includes(tag)));
  const ids = usual.map(({ claim }) => claim.id);
  const signature = await measured('signature and machine claims on the default kernels', [
    ...ids,
    ...['--kernel', 'default'],
  ]);
  yield timed('run-signature', `${signature.verdicts} verdicts: signature + machine, default kernels`, signature, 90);
  const wide = await measured('all claims on the default kernels', [...filters, '--kernel', 'default']);
  yield timed('run-default', `${wide.verdicts} verdicts: default kernels`, wide, 180);
}
