/** Which signals reach the init of a pid namespace: pid_namespaces(7), "The namespace init process". */
import {
  actor,
  command,
  kernelSource,
  man,
  shell,
  signalResult,
  signalsTakenBy,
  signalsTo,
  spec,
  tini,
  type RunningFixture,
} from '../../src/harness/index.ts';

const protection = [
  man('pid_namespaces(7)', 'The namespace init process'),
  kernelSource('kernel/signal.c', 'sig_task_ignored'),
];
const killed = { by: 'signal', signal: 'SIGKILL', core: false };

/** What became of each signal of that number which the fixture was sent, as the kernel tells. */
const resultsOf = async (fixture: RunningFixture, sig: number): Promise<readonly number[]> =>
  signalsTo(await fixture.kernelTrace(), fixture.hostPid)
    .filter((sent) => sent.sig === sig)
    .map(({ res }) => res);

spec(
  {
    id: 'pidns.init.sigterm-without-handler-is-ignored',
    statement: 'SIGTERM from the host to a namespace init without a handler is dropped, and kill() returns 0.',
    sources: protection,
    tags: ['signature', 'container'],
    entries: ['INI-02'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(actor('ready; pause'));
    await init.ready();
    expect(await init.signal('TERM')).toEqual({ result: 0 });
    expect(await resultsOf(init, 15)).toEqual([signalResult.ignored]);
    expect(init.alive).toBe(true);
    await init.signal('KILL');
    expect(await init.ended()).toEqual(killed);
  },
  [
    { what: 'it is no init', namespace: 'none' },
    { what: 'the init has a handler', replace: ['ready', 'on TERM; ready'] },
    { what: 'the init blocks it', replace: ['ready', 'block TERM; ready'] },
  ],
);

for (const { name, start } of [
  { name: 'sleep', start: command('sleep', '100000') },
  { name: 'bash-script', start: shell('bash', 'echo started; while :; do sleep 100000; done') },
]) {
  spec(
    {
      id: `pidns.init.sigterm-to-${name}-is-ignored`,
      statement: `A ${name.replace('-', ' ')} as PID 1 ignores SIGTERM from the host.`,
      sources: protection,
      tags: ['signature', 'container'],
      entries: ['INI-02'],
    },
    async ({ guest, expect }) => {
      const init = await guest.pidNamespace(start);
      if (name === 'sleep')
        await init.traced('the exec of sleep', ({ fields }) => fields['filename'] === '/usr/bin/sleep');
      else {
        await init.prints('started\n');
        await init.idle('SIGTERM');
      }
      expect(await init.signal('TERM')).toEqual({ result: 0 });
      expect(await resultsOf(init, 15)).toEqual([signalResult.ignored]);
      expect((await init.status())?.sigCgt.has('SIGTERM')).toBe(false);
      await init.signal('KILL');
      expect(await init.ended()).toEqual(killed);
    },
    [{ what: 'it is no init', namespace: 'none' }],
  );
}

spec(
  {
    id: 'proc.status.sigcgt-predicts-for-c',
    statement:
      'For a C program as PID 1, SIGTERM in SigCgt of /proc/PID/status predicts whether SIGTERM has an effect.',
    sources: [man('proc_pid_status(5)', 'SigCgt'), ...protection],
    tags: ['signature'],
    entries: ['PRC-01'],
  },
  async ({ guest, expect }) => {
    const deaf = await guest.pidNamespace(actor('ready; pause'));
    const hearing = await guest.pidNamespace(actor('on TERM exit 5; ready; pause'));
    await Promise.all([deaf.ready(), hearing.ready()]);
    expect((await deaf.status())?.sigCgt.has('SIGTERM')).toBe(false);
    expect((await hearing.status())?.sigCgt.has('SIGTERM')).toBe(true);
    await deaf.signal('TERM');
    await hearing.signal('TERM');
    expect(await resultsOf(deaf, 15)).toEqual([signalResult.ignored]);
    expect(await hearing.ended()).toEqual({ by: 'exit', code: 5 });
    expect(deaf.alive).toBe(true);
  },
  [
    { what: 'SIGTERM is blocked', replace: ['ready', 'block TERM; ready'] },
    { what: 'it is no init', namespace: 'none' },
  ],
);

spec(
  {
    id: 'proc.status.sigcgt-misleads-for-tini',
    statement: 'tini as PID 1 has an empty SigCgt, and yet takes SIGTERM: it blocks it and waits with sigtimedwait().',
    sources: [
      man('proc_pid_status(5)', 'SigCgt'),
      man('sigwaitinfo(2)'),
      kernelSource('kernel/signal.c', 'sig_ignored'),
    ],
    tags: ['signature', 'tini'],
    entries: ['SWT-01', 'SWT-04'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(tini([], actor('on TERM exit 0; ready; pause')));
    await init.ready();
    expect([...((await init.status())?.sigCgt ?? ['?'])]).toEqual([]);
    await init.signal('TERM');
    expect(await init.event({ ev: 'signal', signo: 15 })).toMatchObject({ si_pid: 1 });
    expect(await init.ended()).toEqual({ by: 'exit', code: 0 });
    const trace = await init.kernelTrace();
    expect(signalsTakenBy(trace, init.hostPid)).toEqual([]);
  },
  [{ what: "a handler takes tini's place", instead: actor('on TERM exit 0; ready; pause') }],
);

spec(
  {
    id: 'pidns.init.sigkill-from-host-ends-it',
    statement: 'SIGKILL from the host ends a namespace init.',
    sources: [man('pid_namespaces(7)'), kernelSource('kernel/signal.c', 'send_signal_locked')],
    tags: ['signature', 'container'],
    entries: ['INI-03'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(actor('ready; pause'));
    await init.ready();
    expect(await init.signal('KILL')).toEqual({ result: 0 });
    expect(await init.ended()).toEqual(killed);
    await init.drained();
    expect(signalsTakenBy(await init.kernelTrace(), init.hostPid)).toEqual([9]);
  },
  [{ what: 'it ends by itself', replace: ['ready; pause', 'exit 0'] }],
);

for (const { name, signal, number } of [
  { name: 'sigkill', signal: 'KILL', number: 9 },
  { name: 'sigstop', signal: 'STOP', number: 19 },
  { name: 'sigterm', signal: 'TERM', number: 15 },
]) {
  spec(
    {
      id: `pidns.init.${name}-from-inside-is-ignored`,
      statement: `SIG${signal} from a member of the namespace to its init does nothing, and kill() returns 0.`,
      sources: protection,
      tags: ['signature', 'container'],
      entries: ['INI-01'],
    },
    async ({ guest, expect }) => {
      const init = await guest.pidNamespace(
        actor(`fork member { kill init ${signal} }; wait member; say alive; ready; pause`),
      );
      await init.ready();
      expect(init.seen({ ev: 'kill', who: 'member' })).toMatchObject([{ result: 0 }]);
      expect(await resultsOf(init, number)).toEqual([signalResult.ignored]);
      await init.inState('S');
      expect(init.alive).toBe(true);
    },
    [{ what: 'it is no init', namespace: 'none' }],
  );
}

spec(
  {
    id: 'pidns.init.sigstop-from-host-stops-it',
    statement: 'SIGSTOP from the host stops a namespace init, and SIGCONT continues it; the other members go on.',
    sources: [man('pid_namespaces(7)'), kernelSource('kernel/signal.c', 'do_signal_stop')],
    tags: ['signature', 'container'],
    entries: ['INI-03', 'JOB-14'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(actor('fork member { on USR1; ready; pause }; await member; ready; pause'));
    await init.ready('main', 'member');
    await init.signal('STOP');
    expect(await init.changedTo('stop')).toEqual({ by: 'stop', signal: 'SIGSTOP' });
    expect((await init.status())?.state).toBe('T');
    await init.signal('USR1', await init.hostPidOf('member'));
    await init.event({ ev: 'signal', who: 'member', signo: 10 });
    await init.signal('CONT');
    expect(await init.changedTo('continue')).toEqual({ by: 'continue' });
    await init.inState('S');
  },
  [{ what: 'the init ends instead', replace: ['ready; pause', 'exit 0'] }],
);

spec(
  {
    id: 'ptrace.init.ignored-signals-are-reported',
    statement:
      'A tracer is told of the SIGTERM and SIGWINCH that an init ignores; they still do nothing, and SIGKILL ends it.',
    sources: [man('ptrace(2)', 'Signal-delivery-stop'), kernelSource('kernel/signal.c', 'sig_ignored')],
    tags: ['signature', 'container', 'strace'],
    entries: ['INI-16'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(command('sleep', '100000'));
    await init.traced('the exec of sleep', ({ fields }) => fields['filename'] === '/usr/bin/sleep');
    const strace = await guest.strace(init.hostPid);
    await init.signal('TERM');
    expect(await strace.until(/^--- SIGTERM/)).toBe(
      '--- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=0, si_uid=0} ---',
    );
    await init.signal('WINCH');
    expect(await strace.until(/^--- SIGWINCH/)).toBe(
      '--- SIGWINCH {si_signo=SIGWINCH, si_code=SI_USER, si_pid=0, si_uid=0} ---',
    );
    expect(await resultsOf(init, 15)).toEqual([signalResult.delivered]);
    expect(init.alive).toBe(true);
    await init.signal('KILL');
    expect(await strace.until(/^\+\+\+/)).toBe('+++ killed by SIGKILL +++');
    expect(await init.ended()).toEqual(killed);
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

spec(
  {
    id: 'pidns.init.blocked-signal-is-kept-for-sigtimedwait',
    statement: 'A SIGTERM that a namespace init has blocked, with no handler, is kept, and sigtimedwait() takes it.',
    sources: [man('sigwaitinfo(2)'), kernelSource('kernel/signal.c', 'sig_ignored')],
    tags: ['signature', 'container'],
    entries: ['SWT-04', 'INI-05'],
  },
  async ({ guest, expect }) => {
    const script = 'block TERM USR1; ready; sigwait USR1; pending; sigwait TERM; pending; exit 7';
    const init = await guest.pidNamespace(actor(script));
    await init.ready();
    expect(await init.signal('TERM')).toEqual({ result: 0 });
    expect((await init.status())?.shdPnd.has('SIGTERM')).toBe(true);
    expect((await init.status())?.sigCgt.has('SIGTERM')).toBe(false);
    await init.signal('USR1');
    expect(await init.event({ ev: 'sigwait', signo: 15 })).toMatchObject({ code: 0, si_pid: 0 });
    expect(await init.ended()).toEqual({ by: 'exit', code: 7 });
    await init.drained();
    expect(init.transcript().filter((line) => line.startsWith('pending'))).toEqual(['pending: TERM', 'pending: none']);
    expect(await resultsOf(init, 15)).toEqual([signalResult.delivered]);
    expect(signalsTakenBy(await init.kernelTrace(), init.hostPid)).toEqual([]);
  },
  [{ what: 'it is ignored instead of blocked', replace: ['block TERM USR1', 'ignore TERM; block USR1'] }],
);
