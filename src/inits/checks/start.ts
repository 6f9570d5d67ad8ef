import { judged, seen, untested, type Check, type Finding } from '../check.ts';
import type { Bench } from '../bench.ts';
import { endText, type End } from '../container.ts';

/** An exec(2) of the command that must fail: what the container ends with. */
const endOfMissing = async (bench: Bench, command: string): Promise<End | undefined> =>
  bench.endOf(await bench.start('exit 0', { command: [command] }));

/** A file that is there but has no permission to be executed. */
const notExecutable = '/etc/passwd';

const codeOf = (end: End | undefined): number | undefined => (end?.status.by === 'exit' ? end.status.code : undefined);

/**
 * Whether a stop signal that came early has come through: the command has it, or the container is over. Undefined while it may
 * still be on its way, in a container that never comes to rest.
 */
const delivered = async (bench: Bench, options: readonly string[]): Promise<boolean | undefined> => {
  const container = await bench.start('serve exit 5', { options });
  const up = (): boolean => container.end !== undefined || container.seen({ ev: 'ready' }).length > 0;
  await container.untilAtRest(() => up() || undefined, bench.soon * 4);
  const quiet = await container.quiet();
  const came = container.end !== undefined || container.signalsOf().includes(bench.target.stopSignal);
  await bench.end(container);
  return came || (quiet ? false : undefined);
};

const stopsWith = async (bench: Bench, options: readonly string[]): Promise<Finding> => {
  const container = await bench.running('serve exit 5', { options });
  await container.signal(bench.target.stopSignal);
  const end = await container.ended(bench.grace);
  return judged(
    end !== undefined,
    end === undefined ? `${bench.target.stopSignal} stopped nothing within the grace` : endText(end),
  );
};

const exits7With = async (bench: Bench, options: readonly string[]): Promise<Finding> => {
  const container = await bench.start('ready; exit 7', { options });
  const end = await bench.endOf(container, Math.max(5_000, bench.soon));
  return judged(codeOf(end) === 7, end === undefined ? 'it hangs although its command has exited 7' : endText(end));
};

const tries = 6;
const windowTries = 8;
const windows = [0, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 102_400, 204_800, 409_600];

/** Start-up: what is executed, and signals that come early. */
export const startChecks: readonly Check[] = [
  {
    id: 'START-ARGV',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'Arguments reach the command unchanged: empty ones, blanks, `--`, `*`, UTF-8.',
    expected: "'' 'a b' '--' '*' '$HOME' 'ü' '-x'",
    brokenBy: 'joins-arguments',
    sources: ['execve(2)', 'krallin/tini#55'],
    run: async (bench) => {
      const args = ['', 'a b', '--', '*', '$HOME', 'ü', '-x'];
      const container = await bench.running('arguments; serve', { args });
      const got = container
        .seen({ ev: 'arguments' })
        .map(({ text = '' }) => Buffer.from(text, 'latin1').toString('utf8'));
      return judged(JSON.stringify(got) === JSON.stringify(args), got.map((word) => `'${word}'`).join(' '));
    },
  },
  {
    id: 'START-OPTS',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'Without `--`, options behind the command belong to the command.',
    expected: 'the command gets `-e 7`, and exits 7',
    brokenBy: 'takes-options-of-the-command',
    sources: ['getopt(3): a leading + stops at the first non-option', 'krallin/tini#132'],
    run: async (bench) => {
      const argv = bench.target.argv.filter((word, i, all) => !(word === '--' && all[i + 1] === '{cmd}'));
      const container = await bench.start('arguments; ready; exit 7', { args: ['-e', '7'], argv });
      const end = await bench.endOf(container, bench.soon * 2);
      const got = container.seen({ ev: 'arguments' }).map(({ text = '' }) => text);
      const said = container.stderr.trim().split('\n')[0] ?? '';
      return judged(
        codeOf(end) === 7 && got.join(' ') === '-e 7',
        `${endText(end)}, the command got "${got.join(' ')}"${said === '' ? '' : `; "${said}"`}`,
      );
    },
  },
  {
    id: 'START-FAIL',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'When the command cannot be executed, PID 1 ends with a code that is not 0.',
    expected: 'two ends other than 0',
    brokenBy: 'hides-failures',
    sources: ['execve(2)', 'sh: exit status'],
    run: async (bench) => {
      const ends = [await endOfMissing(bench, '/nonexistent'), await endOfMissing(bench, notExecutable)];
      return judged(
        ends.every((end) => end !== undefined && codeOf(end) !== 0),
        `not found: ${endText(ends[0])}, not executable: ${endText(ends[1])}`,
      );
    },
  },
  {
    id: 'START-CODE',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'It ends with 127 when the command is not found, with 126 when it cannot be executed.',
    expected: '127 and 126',
    brokenBy: 'fails-with-1',
    sources: ['POSIX sh, 2.8.2 Exit Status for Commands', 'env(1)'],
    run: async (bench) => {
      const codes = [
        codeOf(await endOfMissing(bench, '/nonexistent')),
        codeOf(await endOfMissing(bench, notExecutable)),
      ];
      return judged(codes.join(' ') === '127 126', `${codes[0] ?? 'no exit'} and ${codes[1] ?? 'no exit'}`);
    },
  },
  {
    id: 'START-PENDING',
    level: 'SHOULD',
    roles: ['wrapper', 'supervisor'],
    statement: 'A stop signal that is pending (and blocked) when the init is executed is not lost.',
    expected: `${tries} of ${tries} delivered`,
    brokenBy: 'drops-what-is-pending',
    sources: [
      'execve(2): pending signals and the mask are kept',
      'kernel/signal.c sig_ignored()',
      'livekit/egress#1384',
    ],
    run: async (bench) => {
      let count = 0;
      for (let round = 0; round < tries; round++) {
        const came = await delivered(bench, ['--pending', bench.target.stopSignal, '--ahead']);
        if (came === undefined) return untested('it never comes to rest: the signal may still be on its way');
        if (came) count++;
      }
      return judged(count === tries, `${count} of ${tries} delivered`);
    },
  },
  {
    id: 'START-WINDOW',
    level: 'trait',
    roles: ['wrapper'],
    alone: true,
    statement: 'Time from exec(2) of the init until a stop signal is no longer lost.',
    expected: 'a number',
    sources: ['kernel/signal.c sig_task_ignored(): what finds SIG_DFL in a PID 1 is dropped', 'runc#5189'],
    run: async (bench) => {
      const comesThrough = async (us: number): Promise<boolean> => {
        for (let round = 0; round < windowTries; round++)
          if ((await delivered(bench, ['--kill-after', String(us), bench.target.stopSignal])) !== true) return false;
        return true;
      };
      // What is too early is lost, what is late enough is not: of the times in between the first is looked for by halves.
      let [from, to] = [0, windows.length];
      while (from < to) {
        const middle = (from + to) >> 1;
        if (await comesThrough(windows[middle] ?? 0)) to = middle;
        else from = middle + 1;
      }
      const us = windows[from];
      return seen(
        us === undefined
          ? `more than ${(windows.at(-1) ?? 0) / 1000} ms: it is always lost`
          : `at most ${us / 1000} ms on this machine`,
      );
    },
  },
  {
    id: 'START-CHLD-IGN',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'SIGCHLD inherited ignored neither makes it hang nor changes the exit code.',
    expected: 'exit 7',
    brokenBy: 'leaves-SIGCHLD-as-it-is',
    sources: ['waitpid(2) NOTES: with SIGCHLD ignored, children leave no status', 'sudo#98'],
    run: (bench) => exits7With(bench, ['--ignore', 'CHLD']),
  },
  {
    id: 'START-CHLD-BLK',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'SIGCHLD inherited blocked neither makes it hang nor changes the exit code.',
    expected: 'exit 7',
    brokenBy: 'waits-for-what-was-not-blocked',
    sources: ['execve(2): the mask is kept'],
    run: (bench) => exits7With(bench, ['--block', 'CHLD']),
  },
  {
    id: 'START-TERM-BLK',
    level: 'MUST',
    roles: ['wrapper', 'supervisor'],
    statement: 'With the stop signal inherited blocked, a stop still works.',
    expected: 'the container ends within the grace',
    brokenBy: 'waits-for-what-was-not-blocked',
    sources: ['execve(2): the mask is kept'],
    run: (bench) => stopsWith(bench, ['--block', bench.target.stopSignal]),
  },
  {
    id: 'START-TERM-IGN',
    level: 'SHOULD',
    roles: ['wrapper', 'supervisor'],
    statement: 'With the stop signal inherited ignored, a stop still works.',
    expected: 'the container ends within the grace',
    brokenBy: 'obeys-what-was-ignored',
    sources: ['execve(2): ignored signals stay ignored'],
    run: (bench) => stopsWith(bench, ['--ignore', bench.target.stopSignal]),
  },
];
