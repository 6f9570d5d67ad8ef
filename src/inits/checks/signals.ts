import { signalName } from '../../evidence/signals.ts';
import type { Bench } from '../bench.ts';
import { fails, holds, judged, seen, untested, type Check, type Finding } from '../check.ts';
import { endText, type Container } from '../container.ts';

/** 15 is TERM; real-time signals have numbers only. */
const nameOf = (number: number): string => (number < 32 ? signalName(number).replace('SIG', '') : String(number));

const stops = new Set(['TSTP', 'TTIN', 'TTOU']);

/**
 * Sends signals one by one, each when the one before has come as far as it will, and says which the command got. A stopped
 * command is continued, so that what comes behind is not taken for lost.
 */
const arrivals = async (
  bench: Bench,
  signals: readonly string[],
): Promise<{ readonly got: readonly string[]; readonly endedBy?: string }> => {
  const container = await bench.running('serve ignoring 999');
  for (const signal of signals) {
    if ((await container.signal(signal)) !== 0 || container.end !== undefined)
      return { got: container.signalsOf(), endedBy: endText(container.end) };
    await container.quiet(bench.soon / 4);
    if (stops.has(signal)) await container.signal('CONT');
  }
  await container.quiet();
  // Twice as long as the slowest of those who look once a second.
  const missing = (): boolean => signals.some((signal) => !container.signalsOf().includes(signal));
  if (missing()) await container.untilAtRest(() => (missing() ? undefined : true), bench.soon);
  return { got: container.signalsOf().filter((name) => signals.includes(name)) };
};

const arrive = async (bench: Bench, signals: readonly string[]): Promise<Finding> => {
  const { got, endedBy } = await arrivals(bench, signals);
  const arrived = signals.filter((signal) => got.includes(signal));
  const text = arrived.length === 0 ? 'none arrives' : `arrive: ${arrived.join(' ')}`;
  return judged(arrived.length === signals.length, endedBy === undefined ? text : `${text}; it ended: ${endedBy}`);
};

const stopArrives = async (
  bench: Bench,
  container: Container,
  expected = bench.target.stopSignal,
): Promise<Finding> => {
  const event = await container.event({ ev: 'signal', who: 'main' }, bench.soon);
  if (event === undefined) {
    const end = container.end === undefined ? '' : `; the init ended: ${endText(container.end)}`;
    return fails(`the command got nothing${end}`);
  }
  return judged(event.about === expected, `the command got ${event.about ?? '?'}`);
};

const survives = async (bench: Bench, signals: readonly string[]): Promise<Finding> => {
  const container = await bench.up();
  for (const signal of signals) {
    await container.signal(signal);
    await container.quiet();
    if (container.end !== undefined) return fails(`${signal} ends it: ${endText(container.end)}`);
    if (stops.has(signal)) await container.signal('CONT');
  }
  return holds(`alive after ${signals.length} signals`);
};

const standard = Array.from({ length: 31 }, (_, i) => nameOf(i + 1));
const faults = ['ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'SEGV', 'SYS'];
const stopSet = ['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'WINCH'];
const notCatchable = new Set(['KILL', 'STOP']);

/** A member of the command's family, ready when it says so. */
const role = (name: string, extra = ''): string => `fork ${name} { ${extra} serve ignoring 99 }`;
const orphanRole = (name: string, extra = ''): string =>
  `fork parent-of-${name} { ${role(name, extra)}; await ${name}; exit 0 }`;

/** Signals sent to PID 1. */
export const signalChecks: readonly Check[] = [
  {
    id: 'SIG-TERM',
    level: 'MUST',
    duty: 'D1',
    roles: ['wrapper', 'supervisor'],
    statement: 'The stop signal from outside the namespace reaches the command as what it is.',
    expected: 'the command gets it',
    brokenBy: 'is-deaf',
    sources: ['pid_namespaces(7)', 'docker stop'],
    run: async (bench) => {
      const container = await bench.running('serve ignoring 99');
      await container.signal(bench.target.stopSignal);
      return stopArrives(bench, container, 'TERM');
    },
  },
  {
    id: 'SIG-TERM-IN',
    level: 'MUST',
    roles: ['wrapper', 'supervisor'],
    statement: 'The stop signal sent from inside the namespace reaches the command, too.',
    expected: 'the command gets it',
    brokenBy: 'is-deaf-inside',
    sources: ['pid_namespaces(7): only signals that PID 1 handles reach it', 'docker exec … kill 1'],
    run: async (bench) => {
      const inside = `kill init ${bench.target.stopSignal}`;
      const container = await bench.running('serve ignoring 99', { scripts: { inside } });
      await container.inject('inside');
      return stopArrives(bench, container, 'TERM');
    },
  },
  {
    id: 'SIG-STOPSET',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'HUP, INT, QUIT, USR1, USR2 and WINCH reach the command with the same number.',
    expected: `arrive: ${stopSet.join(' ')}`,
    brokenBy: 'passes-on-TERM-only',
    sources: ['Dockerfile STOPSIGNAL', 'docker-library/httpd#280', 'kubernetes#30051'],
    run: (bench) => arrive(bench, stopSet),
  },
  {
    id: 'SIG-REST',
    level: 'MAY',
    roles: ['wrapper'],
    statement: 'Which other catchable signals of 1 to 31 reach the command.',
    expected: 'a list',
    sources: ['signal(7)', "dumb-init's test suite"],
    run: async (bench) => {
      const rest = standard.filter((name) => !notCatchable.has(name) && !stopSet.includes(name) && name !== 'CHLD');
      const { got, endedBy } = await arrivals(
        bench,
        rest.filter((name) => name !== 'CONT'),
      );
      const text = `arrive: ${[...new Set(got)].join(' ') || 'none'}`;
      return seen(endedBy === undefined ? text : `${text}; it ended: ${endedBy}`);
    },
  },
  {
    id: 'SIG-RT',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'Real-time signals reach the command: SIGRTMIN, SIGRTMIN+3, SIGRTMAX.',
    expected: 'arrive: 34 37 64',
    brokenBy: 'knows-no-real-time-signals',
    sources: ['signal(7)', 'systemd(1): SIGRTMIN+3 halts', 'runc#1766'],
    run: (bench) => arrive(bench, ['34', '37', '64']),
  },
  {
    id: 'SIG-FAULT',
    level: 'MUST',
    roles: ['wrapper', 'supervisor', 'bare'],
    statement: 'ILL, TRAP, ABRT, BUS, FPE, SEGV and SYS, sent by kill(2), do not end it.',
    expected: 'alive after each',
    brokenBy: 'dies-of-faults',
    sources: ['kernel/signal.c sig_task_ignored(): dropped, unless there is a handler'],
    run: (bench) => survives(bench, faults),
  },
  {
    id: 'SIG-SURVIVE',
    level: 'MUST',
    roles: ['wrapper', 'supervisor', 'bare'],
    statement: 'No catchable signal ends it, save those it documents as stop signals.',
    expected: 'alive after each',
    brokenBy: 'dies-of-URG',
    sources: ['signal(7)', 'its own documentation'],
    run: (bench) => {
      const ends = new Set(bench.target.endsOn);
      const signals = [...standard, '34', '64'].filter((name) => !notCatchable.has(name) && !ends.has(name));
      return survives(bench, signals);
    },
  },
  {
    id: 'SIG-TWICE',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'A second stop signal is passed on again.',
    expected: 'two arrive, then exit 5',
    brokenBy: 'passes-on-once',
    sources: ['an impatient docker stop'],
    run: async (bench) => {
      const container = await bench.running('serve ignoring 1 exit 5');
      await container.signal('TERM');
      await container.event({ ev: 'signal', who: 'main' }, bench.soon);
      await container.quiet();
      await container.signal('TERM');
      const end = await container.ended(bench.soon);
      const count = container.signalsOf().filter((name) => name === 'TERM').length;
      return judged(count === 2 && endText(end) === 'exit 5', `${count} arrive, then ${endText(end)}`);
    },
  },
  {
    id: 'SIG-ONCE',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'A signal that is sent once does not come twice: TERM, and ^C on a terminal.',
    expected: '1 TERM, 1 INT',
    brokenBy: 'shares-its-group',
    sources: ['tty_ioctl(4): the terminal signals its whole foreground group', 'docker/for-win#13527'],
    run: async (bench) => {
      const count = async (name: string, options: readonly string[]): Promise<number> => {
        const container = await bench.running('serve ignoring 99', { options });
        const arrives = (about: string): Promise<unknown> =>
          container.event({ ev: 'signal', who: 'main', about }, bench.soon);
        if (name === 'INT') await container.type('\u0003');
        else await container.signal(name);
        await arrives(name);
        await container.quiet();
        // A barrier: whoever passes this one on has dealt with what came before it.
        await container.signal('USR1');
        await arrives('USR1');
        return container.signalsOf().filter((about) => about === name).length;
      };
      const [term, int] = [await count('TERM', []), await count('INT', ['--tty'])];
      return judged(term === 1 && int === 1, `${term} TERM, ${int} INT`);
    },
  },
  {
    id: 'SIG-NONE',
    level: 'MUST',
    patient: true,
    roles: ['wrapper', 'supervisor'],
    statement: 'A start on a terminal and ten idle seconds bring the command no signal at all.',
    expected: 'none',
    brokenBy: 'makes-signals-of-its-own',
    sources: ['golang/go#37942: SIGURG of the Go runtime', 'Yelp/dumb-init#136: HUP and CONT of TIOCNOTTY'],
    run: async (bench) => {
      const container = await bench.running('serve ignoring 99', { options: ['--tty'] });
      await container.event({ ev: 'signal', who: 'main' }, 10_000);
      const got = container.signalsOf();
      return judged(got.length === 0, got.length === 0 ? 'none' : got.join(' '));
    },
  },
  {
    id: 'SIG-EPERM',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'A kill(2) that fails, as the command has changed its user, does not end it.',
    expected: 'alive',
    brokenBy: 'gives-up',
    sources: ['kill(2): EPERM', 'krallin/tini#9'],
    run: async (bench) => {
      const container = await bench.running('call setresuid 0 0 0; serve ignoring 99', {
        options: ['--uid', '65534'],
        setuid: true,
      });
      if (container.seen({ ev: 'call' })[0]?.result !== 0) return untested('the command could not change its user');
      await container.signal('USR1');
      await container.quiet();
      if (container.end !== undefined) return fails(endText(container.end));
      // Who passes nothing on has no kill(2) that could fail.
      const { got } = await arrivals(bench, ['USR1']);
      return got.length === 0 ? untested('it does not pass on USR1, so nothing could fail') : holds('alive');
    },
  },
  {
    id: 'SIG-ESRCH',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'Signals that come while the command exits, and when it has, do not change the exit code.',
    expected: 'exit 5 every time',
    brokenBy: 'misses-the-end,gives-up',
    sources: ['kill(2): ESRCH'],
    run: async (bench) => {
      const ends: string[] = [];
      for (let round = 0; round < 8; round++) {
        // It exits at the first of them that is passed on: most of the 200 find it gone.
        const container = await bench.running('block all; ready; sigwait WINCH; exit 5');
        await container.signalOften('WINCH', 200, 200);
        await container.quiet();
        if (container.end === undefined && container.seen({ ev: 'sigwait', who: 'main' }).length === 0)
          return untested('it does not pass on WINCH, so none can come too late');
        ends.push(endText(await container.ended(bench.grace)));
        await bench.end(container);
      }
      return judged(
        ends.every((end) => end === 'exit 5'),
        [...new Set(ends)].join(', '),
      );
    },
  },
  {
    id: 'SIG-GROUP',
    level: 'trait',
    roles: ['wrapper', 'supervisor'],
    statement: 'How far the stop signal reaches: the command, its group, or every process.',
    expected: 'a choice',
    sources: ['kill(2): negative pids', 'krallin/tini#180'],
    run: async (bench) => {
      const family = [role('gc'), role('sc', 'setsid;'), orphanRole('or'), orphanRole('od', 'setsid;')].join('; ');
      const container = await bench.start(`${family}; serve ignoring 99`);
      for (const who of ['main', 'gc', 'sc', 'or', 'od']) await bench.ready(container, who);
      await container.quiet();
      await container.signal(bench.target.stopSignal);
      await container.event({ ev: 'signal', who: 'main' }, bench.soon);
      await container.quiet();
      const names = { main: 'command', gc: 'child', or: 'orphan', sc: 'child in a session of its own', od: 'daemon' };
      const reached = Object.entries(names).filter(([who]) => container.signalsOf(who).length > 0);
      return seen(reached.length === 0 ? 'nobody' : reached.map(([, name]) => name).join(', '));
    },
  },
  {
    id: 'SIG-JOB',
    level: 'trait',
    roles: ['wrapper'],
    statement: 'What TSTP, TTIN and TTOU do: dropped, passed on, or they stop the command.',
    expected: 'a choice',
    sources: ['signal(7)', 'podman#18095'],
    run: async (bench) => {
      const container = await bench.running('serve ignoring 99');
      const host = (await container.hostPidOfNamed('main')) ?? 0;
      const outcomes: string[] = [];
      for (const signal of stops) {
        await container.signal(signal);
        await container.event({ ev: 'signal', who: 'main', about: signal }, bench.soon / 4);
        await container.quiet();
        const stopped = (await container.status(host))?.state === 'T';
        const passed = container.signalsOf().includes(signal);
        outcomes.push(`${signal} ${stopped ? 'stops the command' : passed ? 'passed on' : 'dropped'}`);
        await container.signal('CONT');
        if (stopped) await container.signal('CONT', host);
        await container.quiet();
      }
      return seen(outcomes.join(', '));
    },
  },
  {
    id: 'SIG-REWRITE',
    level: 'MAY',
    roles: ['wrapper'],
    statement: 'A signal can be passed on as another one.',
    expected: 'TERM arrives as QUIT',
    sources: ['dumb-init --rewrite'],
    run: async (bench) => {
      const argv = bench.target.variants?.rewrite;
      if (argv === undefined) return untested('no option for it is known of this program');
      const container = await bench.running('serve ignoring 99', { argv });
      await container.signal('TERM');
      return stopArrives(bench, container, 'QUIT');
    },
  },
];
