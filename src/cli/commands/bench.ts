import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Command } from 'commander';
import { NothingSelectedError } from '../../base/errors.ts';
import type { BootableKernel } from '../../harness/plan.ts';
import { benchTable, figure, median, type BenchRecord, type Figure } from '../../report/bench.ts';
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
    .option('--json [file]', 'the figures as JSON, on stdout or in a file')
    .action(bench);
};

const bench = async ({ kernel: selector, rounds, crowd, run, json }: BenchOptions): Promise<void> => {
  const progress = new Progress();
  const started = new Date().toISOString();
  const [bootable] = (await prepareKernels([selector], progress)).slice(-1);
  if (bootable === undefined) throw new NothingSelectedError(`No kernel is meant by "${selector}".`);
  const environment = await environmentOf(bootable);
  const template = await templateOf(bootable, progress);
  const figures = [
    ...(await startFigures(bootable, template, rounds, progress)),
    ...(await idleFigures(bootable, template, rounds, progress)),
    ...(await crowdFigures(bootable, template, crowd, progress)),
    ...(run ? await runFigures(selector, progress) : []),
  ];
  progress.clear();
  const record: BenchRecord = { schema: 1, started, environment, figures };
  if (json !== undefined) await writeJson(record, json);
  (json === true ? process.stderr : process.stdout).write(
    `${benchTable(record, { color: wantsColor(process.stdout) })}\n`,
  );
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

/** Whole runs on warm templates; what a further claim costs is what two of them differ by. */
const runFigures = async (kernel: string, progress: Progress): Promise<readonly Figure[]> => {
  const measured = async (what: string, args: readonly string[]): Promise<MeasuredRun> => {
    progress.phase(`a whole run: ${what}`);
    return measureRun(args);
  };
  const few = await measured(`signature claims on ${kernel}`, ['--tag', 'signature', '--kernel', kernel]);
  const all = await measured(`all claims on ${kernel}`, ['--kernel', kernel]);
  const { all: known } = await selectedClaims([], { tag: [] });
  const usual = known.filter(({ claim }) => ['signature', 'machine'].some((tag) => claim.tags?.includes(tag)));
  const signature = await measured('signature and machine claims on the default kernels', [
    ...usual.map(({ claim }) => claim.id),
    ...['--kernel', 'default'],
  ]);
  const wide = await measured('all claims on the default kernels', ['--kernel', 'default']);
  const further = (all.ms - few.ms) / (all.verdicts - few.verdicts) / 1000;
  const seconds = ({ ms }: MeasuredRun): readonly number[] => [ms / 1000];
  return [
    figure('run-signature', 'signature + machine claims, default kernels', 's', seconds(signature), {
      reach: { atMost: 90 },
    }),
    figure('run-one', `${all.verdicts} claims on one kernel`, 's', seconds(all), { reach: { atMost: 45 } }),
    figure('run-default', `${wide.verdicts} verdicts on the default kernels`, 's', seconds(wide), {
      reach: { atMost: 180 },
    }),
    figure('run-further', 'a further claim on one kernel', 's', [further], { reach: { atMost: 0.2 } }),
  ];
};
