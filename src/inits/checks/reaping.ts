import type { Bench } from '../bench.ts';
import { fails, holds, judged, untested, type Check, type Finding } from '../check.ts';
import { endText, type Container } from '../container.ts';

/** An orphan that says who its parent is, and exits, when it is told to. */
const orphan = (name: string, before = ''): string =>
  `fork ${name} { ${before} block USR1; ready; sigwait USR1; parent; exit 0 }; await ${name}`;

/** So many orphans that all exit in one moment; one of them gives the sign. */
const storm = (count: number): string =>
  `quietly { repeat ${count - 1} { fork p { await go; exit 0 } } }; fork first { block USR1; ready; sigwait USR1; parent; open go; exit 0 }; await first`;

/** Has somebody like `docker exec` leave orphans behind, and waits until they have their new parent. */
const makeOrphans = async (container: Container, script = 'orphans'): Promise<void> => {
  const pid = await container.inject(script);
  await container.injectedEnded(pid);
};

/** Tells an orphan to say who its parent is and to exit, and its like with it. @returns the parent's pid */
const release = async (bench: Bench, container: Container, who: string): Promise<string | undefined> => {
  const said = container.seen({ ev: 'parent', who }).length;
  if ((await container.signalTo(who, 'USR1')) !== 0) return undefined;
  return (await container.untilAtRest(() => container.seen({ ev: 'parent', who })[said], bench.soon))?.text;
};

/** Orphans that a script leaves behind, and those of them who say who their parent is when they are told to exit. */
interface Orphans {
  readonly script: string;
  readonly who: readonly string[];
}

const one: Orphans = { script: orphan('one'), who: ['one'] };

/**
 * What is left of orphans after so long: they were seen alive as children of PID 1 before.
 *
 * @param rounds each begins when the one before has just been reaped: who does so by the clock needs a whole turn then
 * @param ms not stretched on a slow machine: who is still reaping by then gets more, who rests does not
 */
const reaped = async (bench: Bench, rounds: readonly Orphans[], ms: number): Promise<Finding> => {
  const scripts = Object.fromEntries(rounds.map(({ script }, round) => [`orphans${round}`, script]));
  const container = await bench.up('serve ignoring 999', { scripts });
  const before = await container.census();
  let most = 0;
  for (const [round, { who }] of rounds.entries()) {
    await makeOrphans(container, `orphans${round}`);
    const there = (await container.census()).members - before.members;
    most = Math.max(most, there);
    for (const name of who) {
      const parent = await release(bench, container, name);
      if (parent !== '1') return untested(`the orphan did not come to PID 1, but to ${parent ?? 'nobody'}`);
    }
    const clean = await container.reaped(before.members, ms);
    if (container.end !== undefined) return fails(`it ended: ${endText(container.end)}`);
    if (clean !== undefined) continue;
    const { zombies } = await container.census();
    return fails(`${zombies} of ${there} are zombies after ${(ms / 1000).toFixed(1)} s`);
  }
  return holds(`${most} of ${most} gone`);
};

/** Milliseconds for which nothing is asked of an init: more than the five seconds in whose turn runsvdir looks around. */
const idleMs = 6_000;

/** How often an application with a reaper runs our command, each time with the exit code that it is to be told. */
const statuses = 200;

/** Exits with its last argument, and leaves an orphan for the reaper each time: one that is never woken steals nothing. */
const leavesAnOrphan = ['/usr/bin/busybox', 'sh', '-c', ': & exit "$1"', 'sh'];

/** Orphans that have ended are waited for. */
export const reapingChecks: readonly Check[] = [
  {
    id: 'REAP-ONE',
    level: 'MUST',
    duty: 'D3',
    roles: ['wrapper', 'supervisor', 'bare', 'library'],
    statement: 'An orphan that has exited is reaped within two seconds.',
    expected: '1 of 1 gone',
    brokenBy: 'reaps-by-the-clock',
    sources: ['pid_namespaces(7)', 'kernel/exit.c find_new_reaper()'],
    run: (bench) => reaped(bench, [one, one], 2_000),
  },
  {
    id: 'REAP-EXEC',
    level: 'MUST',
    duty: 'D3',
    roles: ['wrapper', 'supervisor', 'bare', 'library'],
    statement: 'Orphans of a process that was brought in from outside, and of another session, are reaped too.',
    expected: '2 of 2 gone',
    brokenBy: 'reaps-nobody-else',
    sources: ['docker exec, setns(2)', 'moby/moby#47583'],
    run: (bench) => {
      const both = { script: `${orphan('one')}; ${orphan('two', 'setsid;')}`, who: ['one', 'two'] };
      return reaped(bench, [both, both], 2_000);
    },
  },
  {
    id: 'REAP-STORM',
    level: 'MUST',
    roles: ['wrapper', 'supervisor', 'bare', 'library'],
    alone: true,
    statement: 'Of 500 orphans that exit together none is left after two and a half seconds.',
    expected: '500 of 500 gone',
    brokenBy: 'reaps-one-at-a-time',
    sources: ['signal(7): standard signals do not queue', 'Yelp/dumb-init#44'],
    run: (bench) => reaped(bench, [{ script: storm(500), who: ['first'] }, one], 2_500),
  },
  {
    id: 'REAP-LATENCY',
    level: 'SHOULD',
    roles: ['wrapper', 'supervisor', 'bare', 'library'],
    alone: true,
    statement: 'From the exit of an orphan until it is reaped at most a second passes.',
    expected: 'at most 1000 ms',
    brokenBy: 'reaps-by-the-clock',
    sources: ['waitpid(2)'],
    run: async (bench) => {
      const latencies: number[] = [];
      const container = await bench.up('serve ignoring 999', { scripts: { orphans: one.script } });
      const before = await container.census();
      for (let round = 0; round < 5; round++) {
        await makeOrphans(container);
        if ((await container.signalTo('one', 'USR1')) !== 0) return untested('the orphan could not be found');
        const said = await container.untilAtRest(() => container.seen({ ev: 'parent', who: 'one' })[round], bench.soon);
        const clean = await container.reaped(before.members, bench.soon * 2);
        if (said === undefined || clean === undefined) return fails('it is never reaped');
        latencies.push((clean.t - said.t) / 1e6);
      }
      const sorted = latencies.toSorted((a, b) => a - b).map(Math.round);
      const worst = sorted.at(-1) ?? 0;
      return judged(worst <= 1000, `median ${sorted[2] ?? 0} ms, worst ${worst} ms`);
    },
  },
  {
    id: 'REAP-STOPPING',
    level: 'SHOULD',
    roles: ['wrapper', 'supervisor'],
    statement: 'Orphans are reaped between the stop signal and the exit of the command, too.',
    expected: 'none is left while the command finishes',
    brokenBy: 'stops-reaping',
    sources: ['waitpid(2)'],
    run: async (bench) => {
      const container = await bench.running('serve grace 3000 exit 0', { scripts: { orphans: storm(20) } });
      const before = await container.census();
      await makeOrphans(container);
      await container.signal(bench.target.stopSignal);
      if ((await container.event({ ev: 'signal', who: 'main' }, bench.soon)) === undefined)
        return fails('the stop signal does not even reach the command');
      await release(bench, container, 'first');
      const clean = await container.reaped(before.members, 2_500);
      const done = container.seen({ ev: 'graceful-done', who: 'main' })[0];
      const inTime = clean !== undefined && (done === undefined || clean.t < done.t);
      return judged(inTime, inTime ? 'none is left' : 'they are left until the end');
    },
  },
  {
    id: 'REAP-IDLE',
    level: 'SHOULD',
    patient: true,
    roles: ['wrapper', 'supervisor', 'bare'],
    statement: 'It does not wake up while nothing happens.',
    expected: `0 wake-ups in ${idleMs / 1000} s`,
    brokenBy: 'wakes-up',
    sources: ['proc_pid_status(5): voluntary_ctxt_switches'],
    run: async (bench) => {
      const container = await bench.up();
      const wakeups = async (): Promise<number> => {
        const text = (await container.read(`/proc/${container.hostPid}/status`)) ?? '';
        return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)?.[1] ?? 0);
      };
      const [before, start] = [await wakeups(), (await container.census()).t];
      await container.until(() => container.end, idleMs);
      const [count, end] = [(await wakeups()) - before, (await container.census()).t];
      if (count === 0) return holds(`0 wake-ups in ${idleMs / 1000} s`);
      return fails(`it wakes up every ${((end - start) / count / 1e9).toFixed(1)} s`);
    },
  },
  {
    id: 'REAP-NOSTEAL',
    level: 'MUST',
    roles: ['library'],
    statement: 'A reaper inside an application leaves the statuses of its own children to the application.',
    expected: `${statuses} of ${statuses} statuses are right`,
    brokenBy: 'takes-every-status',
    sources: ['waitpid(2)', 'ramr/go-reaper#2'],
    run: async (bench) => {
      const container = await bench.start('', { command: leavesAnOrphan });
      // What stands behind the last line feed may be half a line.
      const told = (): readonly string[] => container.stdout.split('\n').slice(0, -1);
      const done = (): true | undefined =>
        container.end !== undefined || told().length >= statuses ? true : undefined;
      const isDone = await container.untilAtRest(done, bench.soon * 10);
      if (isDone === undefined && !(await container.quiet())) return untested('it is still at it');
      if (told().length < statuses) return fails(`only ${told().length} of ${statuses} statuses are told`);
      const wrong = told().filter((line, n) => line !== `${n} ${n}`);
      const as = [...new Set(wrong.map((line) => `"${line.split(' ')[1] ?? ''}"`))].slice(0, 3);
      return wrong.length === 0
        ? holds(`${statuses} of ${statuses} statuses are right`)
        : fails(`some are not right: they are told as ${as.join(', ')}`);
    },
  },
];
