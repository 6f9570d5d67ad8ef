import type { Bench } from '../bench.ts';
import { judged, seen, untested, type Check, type Finding } from '../check.ts';
import { endText, type Container, type End } from '../container.ts';

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(1)} s`;

/** Sends the stop signal and waits as long as a container has. */
const stop = async (
  bench: Bench,
  container: Container,
): Promise<{ readonly end: End | undefined; readonly ns: number }> => {
  const sent = (await container.census()).t;
  await container.signal(bench.target.stopSignal);
  const end = await container.ended(bench.grace);
  return { end, ns: (end?.t ?? 0) - sent };
};

const stopEnds = async (bench: Bench, script: string): Promise<Finding> => {
  const container = await bench.up(script);
  const { end, ns } = await stop(bench, container);
  return judged(
    end !== undefined,
    end === undefined ? `still there after ${bench.grace / 1000} s` : `${endText(end)} after ${seconds(ns)}`,
  );
};

/** Codes that have a meaning somewhere, and some that have none. */
const codes = [0, 1, 2, 3, 5, 7, 42, 64, 126, 127, 128, 130, 137, 143, 254, 255];
const deaths = { TERM: 143, KILL: 137, SEGV: 139, HUP: 129, ABRT: 134 };

const inBatches = async <T, R>(items: readonly T[], size: number, work: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += size) results.push(...(await Promise.all(items.slice(i, i + size).map(work))));
  return results;
};

/** An ordinary child, and one that has left for a session of its own and lost its parent. */
const leftovers = (behaviour: string): string =>
  `fork gc { serve ${behaviour} }; fork x { fork od { setsid; serve ${behaviour} }; await od; exit 0 }`;

const orphans = (count: number): string =>
  `quietly { repeat ${count} { fork x { fork p { await go; exit 0 }; exit 0 }; wait x } }`;

/** Stopping, and what the container's exit status tells. */
export const stoppingChecks: readonly Check[] = [
  {
    id: 'STOP-EXIT',
    level: 'MUST',
    duty: 'D2',
    roles: ['wrapper', 'supervisor'],
    statement: 'With a command that handles it, the stop signal ends the container within the grace.',
    expected: 'PID 1 is gone within the grace',
    brokenBy: 'is-deaf',
    sources: ['docker stop', 'pid_namespaces(7)'],
    run: (bench) => stopEnds(bench, 'serve exit 5'),
  },
  {
    id: 'STOP-DFL',
    level: 'MUST',
    duty: 'D2',
    roles: ['wrapper', 'supervisor'],
    statement: 'With a command that has no handlers, the stop signal ends the container within the grace.',
    expected: 'PID 1 is gone within the grace',
    brokenBy: 'is-deaf',
    sources: ['docker stop', 'signal(7): the default action of SIGTERM'],
    run: (bench) => stopEnds(bench, 'ready; pause'),
  },
  {
    id: 'STOP-BARE',
    level: 'MUST',
    duty: 'D2',
    roles: ['bare'],
    statement: 'A program that is PID 1 itself ends on the stop signal.',
    expected: 'PID 1 is gone within the grace',
    sources: ['kernel/signal.c sig_task_ignored(): a PID 1 without a handler never notices', 'nodejs/docker-node#5'],
    run: (bench) => stopEnds(bench, ''),
  },
  {
    id: 'STOP-FAST',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'When the command has exited, PID 1 ends within a second.',
    expected: 'at most 1.0 s',
    brokenBy: 'ends-late',
    sources: ['wait(2)'],
    run: async (bench) => {
      const container = await bench.running('serve exit 0');
      const { end } = await stop(bench, container);
      const done = container.seen({ ev: 'graceful-done' })[0];
      if (end === undefined || done === undefined) return judged(false, endText(end));
      return judged(end.t - done.t <= 1e9, `${seconds(end.t - done.t)} after the command`);
    },
  },
  {
    id: 'STOP-GRACEFUL',
    level: 'MUST',
    duty: 'D1',
    roles: ['wrapper', 'supervisor'],
    statement: 'The command can finish its work before anything is killed.',
    expected: 'the command is done after 300 ms, and the container ends',
    brokenBy: 'kills-at-once',
    sources: ['docker stop', 'npm/npm#4603'],
    run: async (bench) => {
      const container = await bench.running('serve grace 300 exit 5');
      const { end } = await stop(bench, container);
      const done = container.seen({ ev: 'graceful-done' }).length > 0;
      const what = done
        ? 'the command finished'
        : container.signalsOf().length > 0
          ? 'it was killed at work'
          : 'the command was never asked';
      return judged(done && end !== undefined, `${what}; ${endText(end)}`);
    },
  },
  {
    id: 'STOP-STUBBORN',
    level: 'trait',
    patient: true,
    roles: ['wrapper', 'supervisor'],
    statement: 'After how long a command that ignores the stop signal is killed.',
    expected: 'a time',
    sources: ['signal(7)'],
    run: async (bench) => {
      const container = await bench.running('serve ignoring 99');
      const { end, ns } = await stop(bench, container);
      return seen(end === undefined ? `never within ${bench.grace / 1000} s` : `after ${seconds(ns)}: ${endText(end)}`);
    },
  },
  {
    id: 'STOP-BUDGET',
    level: 'SHOULD',
    patient: true,
    roles: ['wrapper', 'supervisor'],
    statement: 'Whatever it waits for after a stop, it ends before ten seconds have passed.',
    expected: 'an end within 10 s, with a daemon left that ignores the signal',
    brokenBy: 'waits-for-all',
    sources: ['docker stop: ten seconds by default', 'Supervisor/supervisor#936'],
    run: async (bench) => {
      const container = await bench.start(`${leftovers('ignoring 99')}; serve exit 0`);
      for (const who of ['main', 'gc', 'od']) await bench.ready(container, who);
      await container.quiet();
      const { end, ns } = await stop(bench, container);
      return judged(
        end !== undefined && ns < 10e9,
        end === undefined ? 'no end' : `${endText(end)} after ${seconds(ns)}`,
      );
    },
  },
  {
    id: 'EXIT-CODE',
    level: 'MUST',
    roles: ['wrapper'],
    statement: "The command's exit code is the container's.",
    expected: codes.join(' '),
    brokenBy: 'always-exits-0',
    sources: ['_exit(2)', "tini's test suite"],
    run: async (bench) => {
      const ends = await inBatches(codes, 4, async (code) => {
        const container = await bench.start(`ready; exit ${code}`);
        const end = await bench.endOf(container);
        await bench.end(container);
        return end?.status.by === 'exit' ? String(end.status.code) : `(${code}: ${endText(end)})`;
      });
      return judged(ends.join(' ') === codes.join(' '), ends.join(' '));
    },
  },
  {
    id: 'EXIT-SIGNAL',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'A command that dies by signal n makes the container end with 128 + n.',
    expected: Object.entries(deaths)
      .map(([name, code]) => `${name} ${code}`)
      .join(', '),
    brokenBy: 'forgets-that-it-was-a-signal',
    sources: ['POSIX sh, 2.8.2 Exit Status for Commands', 'tapjs/foreground-child#71'],
    run: async (bench) => {
      const ends = await inBatches(Object.keys(deaths), 3, async (name) => {
        const container = await bench.start(`ready; kill self ${name}; pause`);
        const end = await bench.endOf(container);
        await bench.end(container);
        return `${name} ${end?.status.by === 'exit' ? end.status.code : endText(end)}`;
      });
      const wanted = Object.entries(deaths).map(([name, code]) => `${name} ${code}`);
      return judged(ends.join(', ') === wanted.join(', '), ends.join(', '));
    },
  },
  {
    id: 'EXIT-TERM',
    level: 'trait',
    patient: true,
    roles: ['wrapper', 'supervisor'],
    statement: 'How the container ends after a stop signal: as the command does, or in a way of its own.',
    expected: 'a code',
    sources: ['krallin/tini#69'],
    run: async (bench) => {
      const ends = await Promise.all(
        ['serve exit 5', 'ready; pause'].map(async (script) => (await stop(bench, await bench.running(script))).end),
      );
      return seen(`command exits 5: ${endText(ends[0])}; without a handler: ${endText(ends[1])}`);
    },
  },
  {
    id: 'EXIT-REMAP',
    level: 'MAY',
    roles: ['wrapper'],
    statement: 'Chosen exit codes can be turned into 0.',
    expected: 'exit 0 for 143',
    sources: ['tini -e'],
    run: async (bench) => {
      const argv = bench.target.variants?.remap;
      if (argv === undefined) return untested('no option for it is known of this program');
      const container = await bench.start('ready; exit 143', { argv });
      const end = await bench.endOf(container);
      return judged(endText(end) === 'exit 0', `${endText(end)} for 143`);
    },
  },
  {
    id: 'EXIT-STORM',
    level: 'MUST',
    roles: ['wrapper'],
    alone: true,
    statement: 'The exit code is right while 300 orphans die in the same moment.',
    expected: 'exit 9',
    brokenBy: 'waits-for-all,takes-the-status-of-another',
    sources: ['waitpid(2)', 'openSUSE/catatonit#17'],
    run: async (bench) => {
      const container = await bench.start(`${orphans(300)}; block USR1; ready; sigwait USR1; open go; exit 9`);
      await bench.ready(container);
      const there = (await container.census()).members;
      await container.signalTo('main', 'USR1');
      const end = await container.ended(bench.grace);
      if (there < 300) return untested(`only ${there} processes could be made`);
      return judged(endText(end) === 'exit 9', endText(end));
    },
  },
  {
    id: 'EXIT-STOPPED',
    level: 'MUST',
    roles: ['wrapper', 'supervisor'],
    statement: 'A command that is stopped and continued has not ended.',
    expected: 'alive, and then the end that the command makes',
    brokenBy: 'takes-stops-for-ends',
    sources: ['waitpid(2): WUNTRACED, WCONTINUED'],
    run: async (bench) => {
      const container = await bench.running('serve exit 5');
      const host = await container.hostPidOfNamed('main');
      if (host === undefined) return untested('the command could not be found');
      await container.signal('STOP', host);
      const stopped = await container.inState('T', host, bench.soon);
      await container.quiet();
      const atOnce = container.end;
      if (atOnce !== undefined) return judged(false, `it took the stop for an end: ${endText(atOnce)}`);
      await container.signal('CONT', host);
      await container.quiet();
      if (!stopped) return untested('the command could not be stopped');
      const later = container.end;
      if (later !== undefined) return judged(false, `it took going on for an end: ${endText(later)}`);
      const starts = container.seen({ ev: 'ready', who: 'main' }).length;
      if (starts > 1) return judged(false, 'it took that for an end, and started the command anew');
      if (bench.target.role === 'supervisor') return judged(true, 'alive');
      await container.signal('TERM', host);
      const end = await container.ended(bench.grace);
      return judged(endText(end) === 'exit 5', `alive, then ${endText(end)}`);
    },
  },
  {
    id: 'EXIT-LEFT',
    level: 'trait',
    roles: ['wrapper'],
    statement: 'What the other processes get when the command exits: nothing but KILL, or TERM before.',
    expected: 'a choice',
    sources: ['kernel/pid_namespace.c zap_pid_ns_processes()', 'krallin/tini#157'],
    run: async (bench) => {
      const { asked, end } = await leave(bench, 'exit 0');
      return seen(`${asked.length === 0 ? 'KILL at once' : `TERM to ${asked.join(' and ')}`}; ${end}`);
    },
  },
  {
    id: 'EXIT-LEFT-GRACE',
    level: 'trait',
    roles: ['wrapper'],
    statement: 'Whether the other processes have 300 ms to finish when the command has exited.',
    expected: 'a choice',
    sources: ['Yelp/dumb-init#53'],
    run: async (bench) => {
      const { done } = await leave(bench, 'grace 300 exit 0');
      return seen(done.length === 0 ? 'nobody finishes' : `finish: ${done.join(' and ')}`);
    },
  },
  {
    id: 'EXIT-LEFT-BOUND',
    level: 'MUST',
    patient: true,
    roles: ['wrapper'],
    statement: 'A process that ignores TERM cannot keep the container alive when the command has exited.',
    expected: 'an end within 60 s',
    brokenBy: 'waits-for-all',
    sources: ['just-containers/s6-overlay#73'],
    run: async (bench) => {
      const container = await bench.start(`${leftovers('ignoring 99')}; await gc; await od; ready; exit 3`);
      const end = await bench.endOf(container, 60_000);
      return judged(end !== undefined, end === undefined ? 'still there after 60 s' : endText(end));
    },
  },
  {
    id: 'EXIT-DAEMON',
    level: 'trait',
    patient: true,
    roles: ['wrapper'],
    statement: 'Whether the container ends when the command has put itself into the background.',
    expected: 'a choice',
    sources: ['daemon(7)'],
    run: async (bench) => {
      const container = await bench.start('fork od { setsid; serve ignoring 99 }; await od; ready; exit 0');
      const end = await bench.endOf(container, bench.grace + 2_000);
      const ready = container.seen({ ev: 'ready', who: 'od' })[0];
      if (end === undefined || ready === undefined) return seen(`it goes on (${bench.grace / 1000} s and more)`);
      return seen(`${endText(end)} after ${seconds(end.t - ready.t)}`);
    },
  },
  {
    id: 'EXIT-RESPAWN',
    level: 'trait',
    patient: true,
    roles: ['wrapper', 'supervisor'],
    statement: "Whether the command's death ends the container or starts it anew.",
    expected: 'a choice',
    sources: ['inittab(5): respawn'],
    run: async (bench) => {
      const container = await bench.start('ready; exit 3');
      await bench.ready(container);
      const again = (): true | undefined =>
        container.end !== undefined || container.seen({ ev: 'ready', who: 'main' }).length > 1 ? true : undefined;
      await container.untilAtRest(again, bench.soon + 3_000);
      const starts = container.seen({ ev: 'ready', who: 'main' }).length;
      if (starts > 1) return seen('it is started anew');
      return seen(container.end === undefined ? 'neither: PID 1 stays without it' : endText(container.end));
    },
  },
  {
    id: 'EXIT-REBOOT',
    level: 'trait',
    roles: ['supervisor', 'bare'],
    statement: 'How the container ends after a stop signal with and without CAP_SYS_BOOT.',
    expected: 'an exit, or death by HUP or INT where reboot(2) is called',
    sources: ['reboot(2): PID namespaces', 'kernel/pid_namespace.c reboot_pid_ns()'],
    run: async (bench) => {
      const ends: string[] = [];
      for (const options of [[], ['--cap-boot']]) {
        const container = await bench.up('serve exit 0', { options });
        ends.push(endText((await stop(bench, container)).end));
      }
      return seen(`without: ${ends[0] ?? ''}; with: ${ends[1] ?? ''}`);
    },
  },
];

/** The command exits while others are there: who was asked to end, and who could finish. */
const leave = async (
  bench: Bench,
  behaviour: string,
): Promise<{ readonly asked: readonly string[]; readonly done: readonly string[]; readonly end: string }> => {
  const container = await bench.start(`${leftovers(behaviour)}; await gc; await od; ready; exit 3`);
  const names = { gc: 'its child', od: 'a daemon' };
  const end = await bench.endOf(container, bench.grace + 5_000);
  const whom = (ev: string): readonly string[] =>
    Object.entries(names).flatMap(([who, name]) => (container.seen({ ev, who }).length > 0 ? [name] : []));
  return { asked: whom('signal'), done: whom('graceful-done'), end: endText(end) };
};
