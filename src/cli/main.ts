import { Command, CommanderError } from 'commander';
import { KernspecError } from '../base/errors.ts';
import { registerBench } from './commands/bench.ts';
import { registerBisect } from './commands/bisect.ts';
import { registerClean } from './commands/clean.ts';
import { registerDiff } from './commands/diff.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerInit } from './commands/init.ts';
import { registerKernels } from './commands/kernels.ts';
import { registerList } from './commands/list.ts';
import { registerReport } from './commands/report.ts';
import { registerRun } from './commands/run.ts';
import { registerSelfcheck } from './commands/selfcheck.ts';
import { registerShell } from './commands/shell.ts';
import { exitCodes, exitCodeOfError } from './exit-codes.ts';
import { exitOnInterrupt } from './interrupt.ts';
import { printError } from './output.ts';

/** The command line: parses it, runs one command, and turns what it throws into a message and an exit code. */
export const main = async (args: readonly string[]): Promise<void> => {
  const program = new Command('kernspec')
    .description('See what the Linux kernel really does with signals, process exit and pid namespaces.')
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })
    .showHelpAfterError('(kernspec --help shows what there is)')
    .addHelpText(
      'after',
      `
Examples:
  kernspec run --tag signature                      the signature claims on the default kernels
  kernspec run pidns --kernel 6.12 --kernel newest  one area on two kernels
  kernspec run --kernel ./bzImage                   a kernel of your own
  kernspec init tini dumb-init                      do these container inits behave?
  kernspec diff 5.10 newest                         what changed between two kernels
  kernspec bisect CLAIM                             in which version a behaviour changed
  kernspec shell --kernel 5.10                      look around in a machine
  kernspec kernels list                             what kernels there are

Environment: KERNSPEC_CACHE_DIR, KERNSPEC_RUNS_DIR, KERNSPEC_MIRROR, KERNSPEC_ACCEL=auto|kvm|tcg,
  KERNSPEC_SPECS_DIR (specs other than ours), NO_COLOR, DEBUG=kernspec:*
Exit codes: 0 every claim holds, 1 a claim is violated, 2 usage, 3 our side failed, 4 nothing selected,
  125 a kernel of one's own does not boot or cannot be judged (git bisect run skips it), 130 interrupted`,
    );
  registerRun(program);
  registerInit(program);
  registerList(program);
  registerDiff(program);
  registerBisect(program);
  registerReport(program);
  registerSelfcheck(program);
  registerShell(program);
  registerKernels(program);
  registerBench(program);
  registerDoctor(program);
  registerClean(program);
  for (const command of program.commands) command.exitOverride();
  exitOnInterrupt();
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
      return;
    }
    printError(error);
    process.exitCode = error instanceof KernspecError ? exitCodeOfError(error) : exitCodes.infrastructure;
  }
};
