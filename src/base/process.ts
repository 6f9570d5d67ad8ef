import { execa } from 'execa';
import { HostError } from './errors.ts';

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
  if (result.code === 'ENOENT') {
    throw new HostError(`The program ${command} is not installed.`, {
      hint: 'Run `kernspec doctor`: it says what is missing and how to get it.',
    });
  }
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
