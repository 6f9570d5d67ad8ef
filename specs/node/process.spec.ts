/** What Node makes of signals as an ordinary process: listeners, dispositions at its start, and those of its children. */
import { command, kernelSource, man, node, spec } from '../../src/harness/index.ts';

const tags = ['node'];
const refusal = [man('sigaction(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'do_sigaction')];

spec(
  {
    id: 'node.signal.sigkill-listener-throws',
    statement: "In Node, process.on('SIGKILL') and process.on('SIGSTOP') throw EINVAL from uv_signal_start.",
    sources: refusal,
    tags: ['signature', ...tags],
    entries: ['NOD-01', 'SIG-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      node(`
        for (const signal of ['SIGKILL', 'SIGSTOP'])
          try { process.on(signal, () => undefined); emit('listen', { about: signal }); }
          catch (error) { emit('listen', { about: signal, result: -1, error: error.code, text: error.syscall }); }
      `),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    const refused = { result: -1, error: 'EINVAL', text: 'uv_signal_start' };
    expect(fixture.seen({ ev: 'listen' })).toMatchObject([
      { about: 'SIGKILL', ...refused },
      { about: 'SIGSTOP', ...refused },
    ]);
  },
  [{ what: 'a listener for SIGTERM', replace: ['SIGKILL', 'SIGTERM'] }],
);

spec(
  {
    id: 'node.signal.unknown-names-are-plain-events',
    statement:
      "process.on('SIGRTMIN') and other names that Node does not know throw nothing, and leave all dispositions as they are.",
    sources: [man('signal(7)', 'Real-time signals'), kernelSource('kernel/signal.c', 'do_sigaction')],
    tags,
    entries: ['NOD-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      node(`
        const { readFileSync } = require('node:fs');
        const caught = () => /SigCgt:\\s*(\\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
        const before = caught();
        for (const name of ['SIGRTMIN', 'SIGNOPE', 'TERM']) process.on(name, () => undefined);
        emit('unchanged', { text: String(before === caught()) });
      `),
    );
    expect(await fixture.event({ ev: 'unchanged' })).toMatchObject({ text: 'true' });
    expect(await fixture.ended()).toEqual({ by: 'exit', code: 0 });
  },
  [{ what: 'one of the names is known', replace: ["'SIGNOPE'", "'SIGUSR2'"] }],
);

/** A script that reports lines of a status file, such as SigIgn, as events. */
const reportStatus = (path: string, ...keys: readonly string[]): string => `
  const status = require('node:fs').readFileSync('${path}', 'utf8');
  for (const key of ${JSON.stringify(keys)}) emit('status', { about: key, text: new RegExp(key + ':.(.*)').exec(status)[1] });
`;

spec(
  {
    id: 'node.signal.start-resets-ignored-signals',
    statement:
      'When Node has started, it blocks nothing, ignores SIGPIPE and SIGXFSZ alone, and has given the signals it found ignored their default back.',
    sources: [man('execve(2)'), kernelSource('kernel/signal.c', 'flush_signal_handlers')],
    tags,
    entries: ['NOD-04'],
  },
  async ({ guest, expect }) => {
    const ignoring = `trap '' HUP INT USR2; exec "$@"`;
    const { argv } = node(reportStatus('/proc/self/status', 'SigBlk', 'SigIgn'));
    const fixture = await guest.process(command('dash', '-c', ignoring, 'dash', ...argv), { blocked: 'USR1' });
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.seen({ ev: 'status' })).toMatchObject([
      { about: 'SigBlk', text: '0000000000000000' },
      { about: 'SigIgn', text: '0000000001001000' },
    ]);
  },
  [{ what: 'the reaper is looked at', replace: ['/proc/self/status', '/proc/1/status'] }],
);

spec(
  {
    id: 'node.child.starts-with-default-dispositions',
    statement: 'A child that Node spawns ignores and blocks no signal, although Node itself ignores SIGPIPE.',
    sources: [man('execve(2)'), man('posix_spawn(3)', 'POSIX_SPAWN_SETSIGDEF')],
    tags,
    entries: ['NOD-05'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      node(
        `require('node:child_process').spawnSync('dash', ['-c', 'exec grep -E "Sig(Blk|Ign)" /proc/self/status'], { stdio: 'inherit' })`,
      ),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.stdout).toBe('SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n');
  },
  [{ what: 'a shell between them ignores SIGHUP', replace: ["'exec grep", `'trap "" HUP; exec grep`] }],
);

spec(
  {
    id: 'node.child.end-by-a-signal-is-told-as-such',
    statement: "When a child of Node is killed by SIGTERM, its 'exit' event has code null and signal 'SIGTERM'.",
    sources: [man('wait(2)', 'WIFSIGNALED'), kernelSource('kernel/exit.c', 'wait_task_zombie')],
    tags,
    entries: ['NOD-10'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      node(`
        const child = require('node:child_process').spawn('sleep', ['100000']);
        child.on('exit', (code, signal) => emit('exit', { text: code + ' ' + signal }));
        child.on('spawn', () => child.kill('SIGTERM'));
      `),
    );
    expect(await fixture.event({ ev: 'exit' })).toMatchObject({ text: 'null SIGTERM' });
  },
  [{ what: 'it is SIGKILL', replace: ["kill('SIGTERM')", "kill('SIGKILL')"] }],
);

spec(
  {
    id: 'node.process.sigterm-without-listener-ends-it',
    statement: 'As an ordinary process, Node without a listener dies of SIGTERM, by the signal itself.',
    sources: [man('signal(7)', 'Standard signals'), man('sigaction(2)', 'SA_RESETHAND')],
    tags,
    entries: ['NOD-02', 'INI-18'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(node(`stay(); emit('ready')`));
    await fixture.ready();
    await fixture.signal('TERM');
    expect(await fixture.ended()).toEqual({ by: 'signal', signal: 'SIGTERM', core: false });
  },
  [{ what: 'Node has a listener', replace: ['stay();', "stay(); process.on('SIGTERM', () => process.exit(0));"] }],
);

spec(
  {
    id: 'node.worker.its-end-sends-the-parent-death-signal',
    statement:
      'A child that a worker thread of Node has spawned gets its parent-death signal when the worker ends, although Node lives on.',
    sources: [man('PR_SET_PDEATHSIG(2const)', 'CAVEATS'), kernelSource('kernel/exit.c', 'forget_original_parent')],
    tags,
    entries: ['NOD-09', 'ORP-06'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      node(`
        const { Worker } = require('node:worker_threads');
        const script = 'on USR1 exit 3; pdeathsig USR1; exec-actor { on USR1 exit 3; ready; pause }';
        // The listener first: the child may be ready before this thread gets any further.
        let worker;
        process.on('SIGUSR2', () => worker.terminate().then(() => emit('terminated')));
        stay();
        worker = new Worker(
          "const { workerData } = require('node:worker_threads');" +
          "require('node:child_process').spawn('/kernspec/bin/actor', [workerData], { stdio: ['ignore', 'pipe', 'inherit', 3] }).unref();" +
          "setInterval(() => undefined, 1 << 30);",
          { eval: true, workerData: script },
        );
      `),
    );
    await fixture.ready();
    await fixture.signal('USR2');
    expect(await fixture.event({ ev: 'signal' })).toMatchObject({ signo: 10, code: 0 });
    await fixture.event({ ev: 'terminated' });
    expect(fixture.alive).toBe(true);
  },
  [{ what: 'the child asks for no signal', replace: ['pdeathsig USR1', 'pdeathsig 0'] }],
);
