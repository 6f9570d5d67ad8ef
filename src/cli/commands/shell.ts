import type { Command } from 'commander';
import { NothingSelectedError } from '../../base/errors.ts';
import { shellWord } from '../../../vm/link/ssh.ts';
import { exitCodes } from '../exit-codes.ts';
import { onInterrupt } from '../interrupt.ts';
import { prepareKernels, templateOf } from '../prepare.ts';
import { Progress } from '../progress.ts';

const shell = async (command: readonly string[], { kernel }: { kernel: string }): Promise<void> => {
  const progress = new Progress();
  const [planned] = (await prepareKernels([kernel], progress)).slice(-1);
  if (planned === undefined) throw new NothingSelectedError(`No kernel is meant by "${kernel}".`);
  const template = await templateOf(planned, progress);
  await using machine = await template.clone({ accelerator: planned.accelerator });
  progress.clear();
  const interactive = command.length === 0;
  await using interrupt = onInterrupt(() => undefined);
  await using guest = await machine.start(interactive ? 'exec bash -i' : command.map(shellWord).join(' '), {
    pty: interactive,
  });
  if (interactive && process.stdin.isTTY) process.stdin.setRawMode(true);
  process.stdin.on('data', (chunk) => guest.write(chunk));
  process.stdin.on('end', () => guest.end());
  guest.stdout.pipe(process.stdout, { end: false });
  guest.stderr.pipe(process.stderr, { end: false });
  const interrupted = new Promise<undefined>((resolve) => {
    interrupt.signal.addEventListener('abort', () => resolve(undefined));
  });
  const exit = await Promise.race([guest.exited, machine.failed, interrupted]);
  if (process.stdin.isTTY) process.stdin.setRawMode(false);
  process.stdin.destroy();
  process.exitCode = exit === undefined ? exitCodes.interrupted : (exit.code ?? exitCodes.infrastructure);
};

/** `kernspec shell [-- command]` */
export const registerShell = (program: Command): void => {
  program
    .command('shell')
    .description('look around in a machine, or run one command in it')
    .argument('[command...]', 'a command line for the guest; none for an interactive shell')
    .option('-k, --kernel <selector>', 'the kernel to boot', 'newest')
    .action(shell);
};
