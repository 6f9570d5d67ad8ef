import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { execa } from 'execa';
import { HostError } from './errors.ts';

/** Where a program is found on PATH, or undefined. */
export const findProgram = async (
  name: string,
  path: string = process.env['PATH'] ?? '',
): Promise<string | undefined> => {
  for (const directory of name.includes('/') ? [''] : path.split(delimiter).filter((part) => part !== '')) {
    const candidate = directory === '' ? name : join(directory, name);
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return candidate;
  }
  return undefined;
};

const notInstalled = (program: string): HostError =>
  new HostError(`The program ${program} is not installed.`, {
    hint: 'Run `kernspec doctor`: it says what is missing and how to get it.',
  });

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called with every line of stderr as it comes. */
  readonly onStderrLine?: (line: string) => void;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program of the workstation to its end; never through a shell. The child dies with us.
 *
 * @throws HostError when the program does not exist; a non-zero exit code is returned, not thrown
 */
export const run = async (
  command: string,
  args: readonly string[],
  { cwd, input, env, signal, onStderrLine }: RunOptions = {},
): Promise<RunResult> => {
  const child = execa(command, args, {
    ...(cwd !== undefined && { cwd }),
    ...(input !== undefined && { input }),
    ...(env !== undefined && { env }),
    ...(signal !== undefined && { cancelSignal: signal }),
    stdin: input === undefined ? 'ignore' : 'pipe',
    reject: false,
    cleanup: true,
  });
  if (onStderrLine !== undefined) void forEachLine(child.iterable({ from: 'stderr' }), onStderrLine);
  const result = await child;
  if (result.code === 'ENOENT') throw notInstalled(command);
  return {
    exitCode: result.exitCode ?? 128,
    stdout: result.stdout,
    stderr: result.stderr,
  };
};

const forEachLine = async (lines: AsyncIterable<string>, onLine: (line: string) => void): Promise<void> => {
  for await (const line of lines) onLine(line);
};

/**
 * Like {@link run}, for programs whose failure nobody can go on from.
 *
 * @returns stdout
 * @throws HostError with the last line of stderr when the exit code is not 0
 */
export const runOrFail = async (
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> => {
  const { exitCode, stdout, stderr } = await run(command, args, options);
  if (exitCode !== 0) {
    const last = stderr.trimEnd().split('\n').at(-1) ?? '';
    throw new HostError(`${command} failed with exit code ${exitCode}: ${last}`, {
      details: `${command} ${args.join(' ')}\n${stderr}`,
    });
  }
  return stdout;
};

/** A long-running program that we own; see {@link startOwned}. */
export interface OwnedProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Bidirectional streams, one for each file descriptor from 3 on that was asked for. */
  readonly extra: readonly Duplex[];
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<{ readonly exitCode: number | undefined; readonly signal: string | undefined }>;
  /** SIGKILL to its whole process group; does nothing once it is gone. Synchronous, so that it may run while we exit. */
  readonly kill: () => void;
}

const owned = new Set<OwnedProcess>();

const killAllOwned = (): void => {
  for (const process of owned) process.kill();
};

/**
 * Starts a program that must never outlive us, whatever happens to us: it leads a process group of its own, gets SIGKILL
 * from the kernel when we die (PR_SET_PDEATHSIG by setpriv(1)), and the shell between refuses to start it when we died
 * before the prctl took effect. The terminal's Ctrl-C does not reach it: its end is ours to decide.
 *
 * @param pipes how many socket pairs it gets, as file descriptors from 3 on
 * @param files open files, as the file descriptors behind those
 * @param bytewise whether it writes its stdout a byte at a time: of single bytes, the socket that Node reads from holds a
 *   few hundred, a pipe 65536; cat(1) passes them on
 * @throws HostError when setpriv or the program does not exist
 */
export const startOwned = async (
  command: string,
  args: readonly string[],
  {
    pipes = 0,
    files = [],
    bytewise = false,
  }: { readonly pipes?: number; readonly files?: readonly number[]; readonly bytewise?: boolean } = {},
): Promise<OwnedProcess> => {
  for (const program of ['setpriv', command])
    if ((await findProgram(program)) === undefined) throw notInstalled(program);
  const [shell, start] = bytewise ? ['/bin/bash', 'exec "$@" > >(exec cat)'] : ['/bin/sh', 'exec "$@"'];
  const guard = `[ "$PPID" -eq "$0" ] || exit 125; ${start}`;
  const extra = [...Array.from({ length: pipes }, () => 'pipe'), ...files] as 'pipe'[];
  const child = execa(
    'setpriv',
    ['--pdeathsig', 'KILL', '--', shell, '-c', guard, String(process.pid), command, ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe', ...extra],
      detached: true,
      cleanup: false,
      reject: false,
      buffer: false,
    },
  );
  const { pid } = child;
  if (pid === undefined) {
    const { shortMessage } = await child;
    throw new HostError(`${command} cannot be started: ${shortMessage ?? ''}`);
  }
  const { stdio } = child as unknown as { stdio: readonly (Duplex | null)[] };
  const result: OwnedProcess = {
    pid,
    stdout: child.stdout,
    stderr: child.stderr,
    extra: stdio.slice(3, 3 + pipes).filter((stream) => stream !== null),
    exited: child.then(({ exitCode, signal }) => {
      owned.delete(result);
      if (owned.size === 0) process.off('exit', killAllOwned);
      return { exitCode, signal };
    }),
    kill: () => {
      if (!owned.has(result)) return;
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // ESRCH: it is gone already.
      }
    },
  };
  if (owned.size === 0) process.on('exit', killAllOwned);
  owned.add(result);
  return result;
};
