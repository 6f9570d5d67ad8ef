import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAtomically, sha256, sha256OfFile, writeFileAtomically } from './atomic.ts';
import { CleanupStack } from './cleanup-stack.ts';
import { withDeadline } from './deadline.ts';
import { asHostError, DeadlineError, HostError } from './errors.ts';
import { onLines } from './lines.ts';
import { withLock } from './lock.ts';
import { didYouMean } from './nearest.ts';
import { projectRoot } from './paths.ts';
import { run, runOrFail, startOwned } from './process.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kernspec-base-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('CleanupStack', () => {
  test('runs its steps newest first, all of them, and then throws the first failure', async () => {
    const story: string[] = [];
    const stack = new CleanupStack();
    stack.defer(() => story.push('first'));
    stack.defer(() => {
      story.push('second');
      throw new Error('second failed');
    });
    stack.defer(() => story.push('third'));
    await expect(stack[Symbol.asyncDispose]()).rejects.toThrow('second failed');
    expect(story).toEqual(['third', 'second', 'first']);
  });

  test('what has been moved is disposed of by its new owner alone', async () => {
    const story: string[] = [];
    const stack = new CleanupStack();
    stack.defer(() => story.push('done'));
    const owner = stack.move();
    await stack[Symbol.asyncDispose]();
    expect(story).toEqual([]);
    await owner[Symbol.asyncDispose]();
    expect(story).toEqual(['done']);
  });
});

describe('withDeadline', () => {
  test('names what did not come, and shows what was seen instead', async () => {
    const waiting = withDeadline({ what: 'The answer', ms: 5, log: () => 'only noise' }, new Promise(() => undefined));
    await expect(waiting).rejects.toMatchObject({
      name: 'DeadlineError',
      message: 'The answer did not come within 5 ms.',
      details: 'only noise',
    });
    await expect(waiting).rejects.toBeInstanceOf(DeadlineError);
  });

  test('passes on what comes in time', async () => {
    expect(await withDeadline({ what: 'it', ms: 1_000 }, Promise.resolve(7))).toBe(7);
  });
});

describe('asHostError', () => {
  test.each([
    ['ENOSPC', 'No space left on the disk of /cache/x while writing.'],
    ['EROFS', 'No permission to use /cache/x while writing.'],
    ['EACCES', 'No permission to use /cache/x while writing.'],
    ['ENOTDIR', '/cache/x cannot be used while writing: something on the way to it is no directory.'],
  ])('%s becomes a sentence', (code, sentence) => {
    const error = asHostError(Object.assign(new Error('raw'), { code }), 'writing', '/cache/x');
    expect(error).toBeInstanceOf(HostError);
    expect(error).toMatchObject({ message: sentence });
  });

  test('leaves other errors alone', () => {
    const error = new Error('mine');
    expect(asHostError(error, 'writing', '/x')).toBe(error);
  });
});

describe('atomic files', () => {
  test('a file appears whole', async () => {
    const path = join(directory, 'deep/whole.txt');
    await writeFileAtomically(path, 'content');
    expect(await readFile(path, 'utf8')).toBe('content');
    expect(await sha256OfFile(path)).toBe(sha256('con', 'tent'));
  });

  test('of several who make the same directory, the first one stays, and nothing is left of the others', async () => {
    const path = join(directory, 'made-twice');
    const made = (content: string) =>
      createAtomically(path, async (temporary) => {
        await mkdir(temporary);
        await writeFile(join(temporary, 'file'), content);
      });
    await made('first');
    await made('second');
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('first');
    expect((await readdir(directory)).filter((name) => name.startsWith('made-twice'))).toEqual(['made-twice']);
  });

  test('what fails leaves nothing behind, and the old content in place', async () => {
    const own = join(directory, 'atomic');
    const path = join(own, 'kept.txt');
    await writeFileAtomically(path, 'old');
    const failing = createAtomically(path, async (temporary) => {
      await writeFile(temporary, 'half');
      throw new Error('broken off');
    });
    await expect(failing).rejects.toThrow('broken off');
    expect(await readdir(own)).toEqual(['kept.txt']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });
});

describe('withLock', () => {
  const holder = (name: string): string => `
    import { withLock } from '${projectRoot}/src/base/lock.ts';
    await withLock('${name}', async () => { process.stdout.write('held\\n'); await new Promise((r) => process.stdin.once('data', r).once('end', r)); });
    process.exit(0);`;

  const startHolder = async (name: string) => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', holder(name)], {
      cwd: projectRoot,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return child;
  };

  test.each(['lets go', 'is killed'])('another process waits until its holder %s', async (how) => {
    const name = `base-test-${process.pid}-${how}`;
    const child = await startHolder(name);
    const story: string[] = [];
    const waiting = withLock(
      name,
      () => {
        story.push('mine');
        return Promise.resolve();
      },
      () => {
        story.push('waiting');
        if (how === 'is killed') child.kill('SIGKILL');
        else child.stdin.end('go');
      },
    );
    await waiting;
    expect(story).toEqual(['waiting', 'mine']);
  });
});

describe('onLines', () => {
  test('joins what comes in pieces, strips CR, cuts floods, and gives the unfinished last line', async () => {
    const stream = new PassThrough();
    const lines: string[] = [];
    onLines(stream, (line) => lines.push(line), 4);
    for (const piece of ['a', 'b\r\nc', '\n', 'abcdefghi\n', 'end']) stream.write(piece);
    stream.end();
    await once(stream, 'end');
    expect(lines).toEqual(['ab', 'c', 'abcdefghi', 'end']);
    const flood = new PassThrough();
    const pieces: string[] = [];
    onLines(flood, (line) => pieces.push(line), 4);
    flood.end('abcdefghi');
    await once(flood, 'end');
    expect(pieces).toEqual(['abcd', 'efgh', 'i']);
  });

  test('keeps a character whole that comes in two pieces', async () => {
    const stream = new PassThrough();
    const lines: string[] = [];
    onLines(stream, (line) => lines.push(line));
    const bytes = Buffer.from('ü\n');
    stream.write(bytes.subarray(0, 1));
    stream.end(bytes.subarray(1));
    await once(stream, 'end');
    expect(lines).toEqual(['ü']);
  });
});

describe('didYouMean', () => {
  const names = ['default', 'all', 'newest', '6.12', '6.16'];
  test.each([
    ['defualt', 'Did you mean default? Else.'],
    ['6.13', 'Did you mean 6.12 or 6.16? Else.'],
    ['elephant', 'Else.'],
  ])('%s', (typed, hint) => expect(didYouMean(typed, names, 'Else.')).toContain(hint));
});

/** The state letter of a process of the workstation, or `gone`. (proc_pid_stat(5)) */
const stateOf = (pid: number): Promise<string> =>
  readFile(`/proc/${pid}/stat`, 'utf8').then(
    (text) => text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3),
    () => 'gone',
  );

describe('programs of the workstation', () => {
  test('a program that is not there', async () => {
    await expect(run('kernspec-no-such-program', [])).rejects.toMatchObject({
      name: 'HostError',
      message: 'The program kernspec-no-such-program is not installed.',
    });
  });

  test('a program that fails is quoted', async () => {
    await expect(runOrFail('sh', ['-c', 'echo why >&2; exit 3'])).rejects.toMatchObject({
      message: 'sh failed with exit code 3: why',
    });
  });

  test('an owned program dies when its owner is killed', async () => {
    const script = `
      import { startOwned } from '${projectRoot}/src/base/process.ts';
      const child = await startOwned('sleep', ['100000']);
      process.stdout.write(child.pid + '\\n');
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(await stateOf(pid)).toMatch(/^[SR]$/);
    owner.kill('SIGKILL');
    const begin = performance.now();
    // Its end counts, not when this computer's init gets round to reaping it.
    while (!/^(Z|gone)$/.test(await stateOf(pid))) expect(performance.now() - begin).toBeLessThan(2_000);
  });

  test('an owned program can be ended, with all it has started', async () => {
    const child = await startOwned('sh', ['-c', 'sleep 100000 & echo started; wait']);
    await once(child.stdout, 'data');
    child.kill();
    expect(await child.exited).toEqual({ exitCode: undefined, signal: 'SIGKILL' });
    await finished(child.stdout.resume());
  });
});
