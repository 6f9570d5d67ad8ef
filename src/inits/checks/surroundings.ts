import { NeverRan, type Bench } from '../bench.ts';
import { fails, holds, judged, seen, untested, type Check, type Finding } from '../check.ts';
import type { Container } from '../container.ts';
import { commandPlace } from '../target.ts';

/** A word that a script of the actor can carry. */
const plain = /^[^\s;{}>]+$/;

/**
 * The target as an ordinary process of a namespace whose PID 1 is ours, beside a bystander: should it signal everybody it can
 * reach, that is all it reaches.
 */
const notPid1 = async (bench: Bench, app: string, argv = bench.target.argv): Promise<Container | string> => {
  if (bench.target.files !== undefined || argv.some((word) => word !== commandPlace && !plain.test(word)))
    return 'its command line does not fit into a script';
  const target = `fork target { ready; exec ${argv.join(' ')} }`;
  const outer = `fork bystander { serve ignoring 99 }; await bystander; fork middle { ${target}; ready; pause }; pause`;
  const container = await bench.start(app, { argv: ['{dir}/outer'], scripts: { outer } });
  for (const who of ['bystander', 'middle', 'target']) await bench.ready(container, who);
  return container;
};

/** Both at once under conditions that containers are run with. */
const worksWith = async (bench: Bench, name: string, options: readonly string[]): Promise<string | undefined> => {
  const orphans = 'fork one { block USR1; ready; sigwait USR1; exit 0 }; await one';
  const container = await bench.running('serve ignoring 99', { options, scripts: { orphans } });
  const before = await container.census();
  await container.injectedEnded(await container.inject('orphans'));
  await container.signalTo('one', 'USR1');
  const clean = await container.reaped(before.members, bench.soon);
  await container.signal(bench.target.stopSignal);
  const got = await container.event({ ev: 'signal', who: 'main', about: 'TERM' }, bench.soon);
  if (got === undefined) return `${name}: the stop signal does not arrive`;
  return clean === undefined ? `${name}: the orphan stays` : undefined;
};

const conditions: Readonly<Record<string, readonly string[]>> = {
  'an empty /proc': ['--no-proc'],
  'a read-only root': ['--read-only'],
  'uid 65534': ['--uid', '65534'],
  'no capabilities': ['--no-caps'],
};

const unknownOption = 'no option for it is known of this program';

/** When it is not PID 1, and what it costs. */
export const surroundingsChecks: readonly Check[] = [
  {
    id: 'NP1-CONTAIN',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'When it is not PID 1, it never signals a process that is not its descendant.',
    expected: 'a bystander gets nothing',
    brokenBy: 'signals-everybody',
    sources: ['kill(2): pid -1', 'docker run --pid=host', "phusion/baseimage-docker's my_init"],
    run: async (bench) => {
      const container = await notPid1(bench, 'serve exit 0');
      if (typeof container === 'string') return untested(container);
      if ((await container.event({ ev: 'ready', who: 'main' }, bench.soon * 2)) === undefined)
        return seenRefusal(container);
      await container.quiet();
      await container.signalTo('target', bench.target.stopSignal);
      await container.event({ ev: 'graceful-done', who: 'main' }, bench.soon);
      await container.quiet();
      const got = container.signalsOf('bystander');
      if (container.end !== undefined) return fails('everybody around it was killed');
      return judged(
        got.length === 0,
        got.length === 0 ? 'a bystander gets nothing' : `a bystander gets ${got.join(' ')}`,
      );
    },
  },
  {
    id: 'NP1-REAP',
    level: 'SHOULD',
    roles: ['wrapper'],
    statement: 'When it is not PID 1, it adopts orphans all the same, says that it cannot, or refuses to run.',
    expected: 'it adopts, says so, or refuses',
    brokenBy: 'adopts-nobody',
    sources: ['PR_SET_CHILD_SUBREAPER(2const)', 'tini -s'],
    run: async (bench) => {
      const app =
        'fork x { fork or { block USR1; ready; sigwait USR1; parent; exit 0 }; await or; exit 0 }; wait x; serve';
      const container = await notPid1(bench, app);
      if (typeof container === 'string') return untested(container);
      if ((await container.event({ ev: 'ready', who: 'main' }, bench.soon * 2)) === undefined)
        return seenRefusal(container);
      const target = container.seen({ ev: 'ready', who: 'target' })[0]?.pid;
      await container.signalTo('or', 'USR1');
      const parent = (await container.event({ ev: 'parent', who: 'or' }, bench.soon))?.text;
      if (parent === String(target)) return holds('it adopts orphans');
      const warning = container.stderr.trim().split('\n')[0] ?? '';
      return judged(
        warning !== '',
        warning === '' ? 'it neither adopts them nor says so' : `it says "${warning.slice(0, 120)}"`,
      );
    },
  },
  {
    id: 'NP1-PDEATH',
    level: 'MAY',
    roles: ['wrapper'],
    statement: 'It can be told to get a signal when its parent dies.',
    expected: 'TERM arrives when the parent has died',
    sources: ['PR_SET_PDEATHSIG(2const)', 'tini -p'],
    run: async (bench) => {
      const argv = bench.target.variants?.parentDeath;
      if (argv === undefined) return untested(unknownOption);
      const container = await notPid1(bench, 'serve exit 0', argv);
      if (typeof container === 'string') return untested(container);
      await bench.ready(container);
      await container.signalTo('middle', 'KILL');
      const got = await container.event({ ev: 'signal', who: 'main' }, bench.soon);
      return judged(got?.about === 'TERM', got === undefined ? 'nothing arrives' : `${got.about ?? '?'} arrives`);
    },
  },
  {
    id: 'ROB-NOPROC',
    level: 'SHOULD',
    patient: true,
    roles: ['wrapper'],
    statement:
      'It passes on the stop signal and reaps without /proc, on a read-only root, as nobody, without capabilities.',
    expected: `works with ${Object.keys(conditions).join(', ')}`,
    brokenBy: 'needs-/proc',
    sources: ['docker run --read-only --user --cap-drop'],
    run: async (bench) => {
      const troubles: string[] = [];
      for (const [name, options] of Object.entries(conditions)) {
        const trouble = await worksWith(bench, name, options).catch((error: unknown) => {
          if (error instanceof NeverRan) return `${name}: ${error.message}`;
          throw error;
        });
        if (trouble !== undefined) troubles.push(trouble);
      }
      return judged(troubles.length === 0, troubles.length === 0 ? 'works with all' : troubles.join('; '));
    },
  },
  {
    id: 'COST',
    level: 'trait',
    roles: ['wrapper', 'supervisor', 'bare'],
    statement: 'Memory and threads that it takes.',
    expected: 'numbers',
    sources: ['proc_pid_status(5): VmRSS, Threads'],
    run: async (bench) => {
      const container = await bench.up();
      const status = (await container.read(`/proc/${container.hostPid}/status`)) ?? '';
      const field = (name: string): string => new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? '?';
      return seen(`${field('VmRSS')} kB resident, ${field('Threads')} threads`);
    },
  },
];

/** Somebody who is not PID 1 may say that he will not do it. */
const seenRefusal = (container: Container): Finding => {
  const said = (container.stderr || container.stdout).trim().split('\n')[0] ?? '';
  return judged(said !== '', said === '' ? 'the command never ran' : `it refuses: "${said.slice(0, 120)}"`);
};
