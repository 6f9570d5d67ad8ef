/** Node as PID 1 of a container: what its own handlers, listeners and child processes make of signals. */
import {
  kernelSource,
  man,
  node,
  signalResult,
  signalsTo,
  spec,
  type KernelEvent,
  type RunningFixture,
} from '../../src/harness/index.ts';

const protection = [
  man('pid_namespaces(7)', 'The namespace init process'),
  kernelSource('kernel/signal.c', 'sig_task_ignored'),
];
const resethand = man('sigaction(2)', 'SA_RESETHAND');
const tags = ['container', 'node'];
const killed = { by: 'signal', signal: 'SIGKILL', core: false };

/** What became of each signal of that number which the fixture was sent, as the kernel tells. */
const resultsOf = async (fixture: RunningFixture, sig: number): Promise<readonly number[]> =>
  signalsTo(await fixture.kernelTrace(), fixture.hostPid)
    .filter((sent) => sent.sig === sig)
    .map(({ res }) => res);

/** A signal that is taken from the queue while its disposition is SIG_DFL. */
const takenByDefault =
  (sig: number) =>
  ({ name, fields }: KernelEvent): boolean =>
    name === 'signal_deliver' && fields['sig'] === sig && fields['sa_handler'] === 0;

for (const { signal, number, id } of [
  { signal: 'TERM', number: 15, id: 'node.init.sigterm-without-listener-is-survived' },
  { signal: 'INT', number: 2, id: 'node.init.sigint-without-listener-is-survived' },
]) {
  spec(
    {
      id,
      statement: `Node as PID 1 without a listener survives SIG${signal}: its own handler runs once, and the SIG${signal} it re-raises is dropped.`,
      sources: [...protection, resethand],
      tags: signal === 'TERM' ? ['signature', ...tags] : tags,
      entries: ['NOD-02', 'INI-18'],
    },
    async ({ guest, expect }) => {
      const init = await guest.pidNamespace(node(`stay(); emit('ready')`));
      await init.ready();
      await init.signal(signal);
      await init.traced('Node to take the signal it re-raised', takenByDefault(number));
      // Both are queued: its own is blocked while the handler runs. The kernel drops it when it is taken from the queue.
      expect(await resultsOf(init, number)).toEqual([signalResult.delivered, signalResult.delivered]);
      expect(init.alive).toBe(true);
      await init.signal(signal);
      expect(await resultsOf(init, number)).toEqual([
        signalResult.delivered,
        signalResult.delivered,
        signalResult.ignored,
      ]);
      await init.signal('KILL');
      expect(await init.ended()).toEqual(killed);
    },
    [
      { what: 'it is no init', namespace: 'none' },
      {
        what: 'Node has a listener',
        replace: ['stay();', `stay(); process.on('SIG${signal}', () => process.exit(7));`],
      },
    ],
  );
}

spec(
  {
    id: 'proc.status.sigcgt-misleads-for-node',
    statement:
      'Node as PID 1 shows SIGTERM in SigCgt before the first SIGTERM, and yet survives it; afterwards the bit is gone.',
    sources: [man('proc_pid_status(5)', 'SigCgt'), resethand],
    tags: ['signature', 'node'],
    entries: ['NOD-02'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(node(`stay(); emit('ready')`));
    await init.ready();
    expect((await init.status())?.sigCgt.has('SIGTERM')).toBe(true);
    await init.signal('TERM');
    await init.traced('Node to take the SIGTERM it re-raised', takenByDefault(15));
    expect((await init.status())?.sigCgt.has('SIGTERM')).toBe(false);
    await init.signal('KILL');
    expect(await init.ended()).toEqual(killed);
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

spec(
  {
    id: 'node.init.sigterm-with-listener-exits',
    statement:
      'Node as PID 1 with a SIGTERM listener is told of a SIGTERM from the host and exits as the listener says.',
    sources: [man('pid_namespaces(7)', 'The namespace init process')],
    tags,
    entries: ['NOD-03'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(node(`process.on('SIGTERM', () => process.exit(7)); stay(); emit('ready')`));
    await init.ready();
    expect(await init.signal('TERM')).toEqual({ result: 0 });
    expect(await init.ended()).toEqual({ by: 'exit', code: 7 });
  },
  [{ what: 'Node listens to another signal', replace: ["process.on('SIGTERM'", "process.on('SIGUSR2'"] }],
);

spec(
  {
    id: 'node.init.sigterm-after-once-is-dropped',
    statement:
      'When a listener added with process.once() has run, libuv gives SIGTERM its default back, and later ones to PID 1 are dropped.',
    sources: [...protection, man('signal(7)', 'Signal dispositions')],
    tags,
    entries: ['NOD-03'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      node(`process.once('SIGTERM', () => setImmediate(() => emit('once'))); stay(); emit('ready')`),
    );
    await init.ready();
    await init.signal('TERM');
    await init.event({ ev: 'once' });
    expect((await init.status())?.sigCgt.has('SIGTERM')).toBe(false);
    await init.signal('TERM');
    expect(await resultsOf(init, 15)).toEqual([signalResult.delivered, signalResult.ignored]);
    expect(init.alive).toBe(true);
  },
  [{ what: 'the listener stays', replace: ['process.once', 'process.on'] }],
);

spec(
  {
    id: 'node.init.own-sigkill-and-sigstop-are-dropped',
    statement: "In Node as PID 1, process.kill(process.pid, 'SIGKILL') and 'SIGSTOP' do nothing, and throw nothing.",
    sources: protection,
    tags,
    entries: ['NOD-07', 'INI-08'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      node(
        `process.kill(process.pid, 'SIGKILL'); process.kill(process.pid, 'SIGSTOP'); emit('ready'); process.exit(3)`,
      ),
    );
    expect(await init.finished()).toEqual({ by: 'exit', code: 3 });
    expect(await resultsOf(init, 9)).toEqual([signalResult.ignored]);
    expect(await resultsOf(init, 19)).toEqual([signalResult.ignored]);
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

spec(
  {
    id: 'node.init.abort-ends-with-sigsegv',
    statement:
      'process.abort() in Node as PID 1 ends with SIGSEGV: SIGABRT is dropped, and abort(3) then executes hlt.',
    sources: [...protection, man('abort(3)'), kernelSource('kernel/signal.c', 'force_sig_info_to_task')],
    tags,
    entries: ['NOD-08', 'INI-09'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(node(`process.abort()`));
    expect(await init.ended()).toMatchObject({ by: 'signal', signal: 'SIGSEGV' });
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

spec(
  {
    id: 'node.init.adopted-orphans-stay-zombies',
    statement: 'Node as PID 1 does not reap the orphans it is given: libuv waits for its own children, one by one.',
    sources: [
      man('pid_namespaces(7)', 'The namespace init process'),
      kernelSource('kernel/exit.c', 'find_child_reaper'),
    ],
    tags: ['star', ...tags],
    entries: ['NOD-06', 'ORP-13'],
  },
  async ({ guest, expect }) => {
    // The orphan ends after its parent was waited for; that Node has handled SIGCHLD since is shown by its next child.
    const init = await guest.pidNamespace(
      node(`
        const { spawn } = require('node:child_process');
        const { readFileSync } = require('node:fs');
        const parent = spawn('dash', ['-c', '(read line; exit 3) <&3 & echo $!'], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
        const state = () => readFileSync('/proc/' + orphan + '/stat', 'utf8').split(') ')[1].slice(0, 3);
        let orphan;
        parent.stdout.on('data', (text) => { orphan = Number(text); });
        parent.on('exit', () => {
          parent.stdio[3].end('now\\n');
          const look = () => {
            if (orphan === undefined || state() !== 'Z 1') return setImmediate(look);
            spawn('true').on('exit', () => { emit('orphan', { text: state() }); process.exit(0); });
          };
          look();
        });
      `),
    );
    expect(await init.event({ ev: 'orphan' })).toMatchObject({ text: 'Z 1' });
    expect(await init.finished()).toEqual({ by: 'exit', code: 0 });
  },
  [{ what: 'the shell waits for it', replace: ['& echo $!', '& echo $!; wait'] }],
);
