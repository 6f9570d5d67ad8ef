/** Signals and threads: tgkill(2), and who of a process takes what is sent to it. (complete_signal()) */
import { actor, byKernel, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const kill = man('kill(2)');
const tags = ['send'];

tells(
  {
    id: 'signal.send.tgkill-checks-the-thread-group',
    statement: 'tgkill(2) with a thread of another process is ESRCH, with ids below 1 EINVAL.',
    sources: [man('tgkill(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'do_send_specific')],
    tags,
    entries: ['KIL-06'],
  },
  {
    script: `fork child { pause }; tgkill self child 0; tgkill child child 0; tgkill 0 child 0; tgkill self 0 0; tgkill -1 child 0; call tkill 0 0; call tkill child 0; exit 0`,
    says: {
      main: [
        'tgkill self child 0: ESRCH',
        'tgkill child child 0: 0',
        'tgkill 0 child 0: EINVAL',
        'tgkill self 0 0: EINVAL',
        'tgkill -1 child 0: EINVAL',
        'call tkill 0 0: EINVAL',
        'call tkill child 0: 0',
      ],
    },
  },
  [{ what: 'the right thread group', replace: ['tgkill self child 0', 'tgkill child child 0'] }],
);

tells(
  {
    id: 'signal.send.kill-takes-the-tid-of-any-thread',
    statement: 'kill(2) with the tid of a thread signals its process, and prefers that very thread.',
    sources: [
      kernelSource('kernel/signal.c', 'kill_pid_info'),
      kernelSource('kernel/signal.c', 'complete_signal'),
      kill,
    ],
    tags: ['thread', ...tags],
    entries: ['KIL-07'],
  },
  {
    script: `quietly { on USR1 opens taken }; thread other { await never }; kill other USR1; await taken; exit 0`,
    says: { other: ['signal USR1: SI_USER from self'], main: ['kill other USR1: 0'] },
  },
  [{ what: 'it is the pid', replace: ['kill other USR1', 'kill self USR1'] }],
);

tells(
  {
    id: 'signal.send.tgkill-to-a-thread-stays-with-it',
    statement:
      'A signal sent by tgkill(2) to a thread that blocks it waits for that thread, though others would take it.',
    sources: [man('tgkill(2)'), kernelSource('kernel/signal.c', 'wants_signal')],
    tags: ['thread', ...tags],
    entries: ['KIL-08'],
  },
  {
    script: `quietly { on USR1 }; thread other { quietly { block USR1 }; open blocked; await sent; pending; unblock USR1 }; await blocked; tgkill self other USR1; pending; open sent; join other; exit 0`,
    says: {
      main: ['tgkill self other USR1: 0', 'pending: none', 'join other: 0'],
      other: ['pending: USR1', 'signal USR1: SI_TKILL from self', 'unblock USR1: 0'],
    },
  },
  [{ what: 'it is sent by kill', replace: ['tgkill self other USR1', 'kill self USR1'] }],
);

for (const { signal, outcome } of [
  { signal: 'TERM', outcome: 'SIGTERM' },
  { signal: 'KILL', outcome: 'SIGKILL' },
  { signal: 'STOP', outcome: 'stopped by SIGSTOP' },
]) {
  tells(
    {
      id: `thread.directed.sig${signal.toLowerCase()}-acts-on-the-process`,
      statement: `SIG${signal} sent by tgkill(2) to one thread acts on the whole process.`,
      sources: [man('signal(7)', 'Signal dispositions'), kernelSource('kernel/signal.c', 'complete_signal')],
      tags: ['thread', ...tags],
      entries: ['THR-01', 'KIL-08'],
    },
    {
      script: `fork child { thread other { await never }; quietly { tgkill self other ${signal} }; await never }; wait child WUNTRACED; quietly { kill child KILL }; exit 0`,
      says: { main: [`wait child: ${outcome}`] },
    },
    [{ what: 'it is ignored', replace: [`other ${signal}`, 'other WINCH; open never; exit 9'] }],
  );
}

tells(
  {
    id: 'signal.send.process-signal-goes-to-the-main-thread',
    statement:
      'A process-directed signal is taken by the main thread if it does not block it, although others do not block it either.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags: ['thread', 'pending'],
    entries: ['PEN-10'],
  },
  {
    script: `quietly { on USR1 }; thread other { await go; kill self USR1; open sent; await never }; open go; await sent; exit 0`,
    says: { main: ['signal USR1: SI_USER from self'], other: ['kill self USR1: 0'] },
  },
  [{ what: 'the main thread blocks it', replace: ['open go;', 'block USR1; open go;'] }],
);

tells(
  {
    id: 'signal.send.process-signal-goes-to-a-thread-that-wants-it',
    statement: 'A process-directed signal that the main thread blocks is taken by another thread that does not.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags: ['thread', 'pending'],
    entries: ['PEN-10'],
  },
  {
    script: `quietly { on USR1 opens taken }; thread other { await never }; quietly { block USR1 }; kill self USR1; await taken; pending; exit 0`,
    says: { main: ['kill self USR1: 0', 'pending: none'], other: ['signal USR1: SI_USER from self'] },
  },
  [
    {
      what: 'the other blocks it as well, and the main thread takes it in the end',
      replace: [
        '{ await never }; quietly { block USR1 }; kill self USR1;',
        '{ block USR1; open b; await never }; await b; kill self USR1;',
      ],
    },
  ],
);

for (const { id, call, does, when, source } of [
  {
    id: 'one-that-blocks-it-too-late-hands-it-on',
    call: 'rt_sigprocmask',
    does: 'block USR1',
    when: 'blocks it',
    source: 'retarget_shared_pending',
  },
  { id: 'one-that-ends-hands-it-on', call: 'exit', does: 'exit-thread 0', when: 'ends', source: 'exit_signals' },
]) {
  spec(
    {
      id: `signal.pending.${id}`,
      statement: `A process-directed signal that was meant for a thread which ${when} before it could take it goes to another thread, and wakes that one.`,
      sources: [
        man('signal(7)', 'Signal mask and pending signals'),
        kernelSource('kernel/signal.c', source),
        man('seccomp_unotify(2)'),
      ],
      tags: ['thread', 'pending'],
      needs: ['CONFIG_SECCOMP_FILTER'],
      // By a filter a thread is held in the middle of its call, so that signals come too late for it.
      expected: byKernel(
        { '<5.19': 'cannot be held', '>=5.19': 'handed on' },
        {
          '>=5.19': { commit: 'c2aa2dfef243', title: 'seccomp: Add wait_killable semantic to seccomp user notifier' },
        },
      ),
    },
    async ({ guest, expect, expected }) => {
      const hold = `hand-over ${call} killable > l`;
      if (expected === 'cannot be held') {
        const fixture = await guest.process(actor(`${hold}; exit 0`));
        expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
        expect(fixture.transcript()).toEqual([`hand-over ${call} killable: EINVAL`]);
        return;
      }
      // Both could take it; it is the first that is chosen. (complete_signal())
      const fixture = await guest.process(
        actor(`quietly { on USR1 opens taken }; thread first { ${hold}; open held; ${does} }; thread second { await end };
          quietly { block USR1 }; await held; handed $l > c; kill self USR1; answer $l $c go-on; await taken; open end; join second; exit 0`),
      );
      expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
      expect(fixture.transcript('second')).toEqual(['signal USR1: SI_USER from self']);
      expect(fixture.transcript().slice(-4)).toEqual([
        'handed $l: 0',
        'kill self USR1: 0',
        'answer $l $c go-on: 0',
        'join second: 0',
      ]);
    },
    [{ what: 'it is sent to nobody', replace: ['kill self USR1', 'kill self 0'] }],
  );
}
