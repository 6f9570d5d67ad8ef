/** Interruption beside EINTR: what has been done already, whose call it is, masks of its own, and calls that no handler interrupts. */
import { actor, kernelSource, man, spec } from '../../src/harness/index.ts';

const ended = { by: 'exit', code: 0 };
const byHandlers = man('signal(7)', 'Interruption of system calls and library functions by signal handlers');

for (const { restart, id } of [
  { restart: '', id: 'without-sa-restart' },
  { restart: ' restart', id: 'with-sa-restart' },
])
  spec(
    {
      id: `signal.interrupt.partial-write-returns-count-${id}`,
      statement: `A write to a pipe that a handler interrupts after 4096 of 65536 bytes returns 4096, ${id.replaceAll('-', ' ').replace('sa restart', 'SA_RESTART')}.`,
      sources: [byHandlers, kernelSource('fs/pipe.c', 'pipe_write')],
      tags: ['interrupt'],
      entries: ['INT-06'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(
        actor(`on USR1${restart} opens handled; channel small-pipe p
          quietly { fork helper { pdeathsig KILL; until-in write parent; kill parent USR1; await handled } }
          enter write $p-w 65536; wait helper; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript().slice(-3)).toEqual([
        'signal USR1: SI_USER from helper',
        'enter write $p-w 65536: 4096',
        'wait helper: exit 0',
      ]);
    },
    [
      {
        what: 'the pipe is full before',
        replace: ['channel small-pipe p', `on USR1 opens handled; channel full-pipe p`],
      },
    ],
  );

for (const { name, setup, statement } of [
  { name: 'ppoll', setup: 'channel pipe p', statement: 'enter ppoll $p' },
  { name: 'pselect6', setup: 'channel pipe p', statement: 'enter pselect6 $p' },
  { name: 'epoll_pwait', setup: 'channel pipe p; channel epoll e $p', statement: 'enter epoll_pwait $e' },
]) {
  const sources = [man(name === 'ppoll' ? 'poll(2)' : name === 'pselect6' ? 'select(2)' : 'epoll_wait(2)')];
  const dashed = name.replace('_', '-');
  spec(
    {
      id: `signal.interrupt.${dashed}-lets-a-pending-signal-in`,
      statement: `A signal that is blocked and pending is handled by ${name} with a mask without it, which fails with EINTR; then the old mask is back.`,
      sources: [...sources, kernelSource('kernel/signal.c', 'set_user_sigmask')],
      tags: ['interrupt', 'mask'],
      entries: ['INT-03'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(
        actor(`on USR1 restart mask; ${setup}; block USR1 TERM; kill self USR1; ${statement} HUP; mask; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript().slice(-4)).toEqual([
        'kill self USR1: 0',
        'signal USR1: SI_USER from self, blocked: HUP USR1',
        `${statement} HUP: EINTR`,
        'mask: USR1 TERM',
      ]);
    },
    [{ what: 'something is ready', replace: [`${setup};`, `${setup}; enter write $p-w 1;`] }],
  );

  spec(
    {
      id: `signal.interrupt.${dashed}-that-is-ready-leaves-the-signal`,
      statement: `When ${name} finds something ready it returns that, and a signal its mask would have let in stays pending.`,
      sources: [...sources, kernelSource('kernel/signal.c', 'restore_saved_sigmask_unless')],
      tags: ['interrupt', 'mask'],
      entries: ['INT-03'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(
        actor(`on USR1; ${setup}; enter write $p-w 1; block USR1; kill self USR1; ${statement}; mask; pending; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript().slice(-4)).toEqual([
        'kill self USR1: 0',
        `${statement}: in`,
        'mask: USR1',
        'pending: USR1',
      ]);
    },
    [{ what: 'nothing is ready', replace: ['enter write $p-w 1; ', ''] }],
  );

  spec(
    {
      id: `signal.interrupt.${dashed}-keeps-out-what-its-mask-blocks`,
      statement: `A signal that only the mask of ${name} blocks does not interrupt it; it is handled when the call is over.`,
      sources: [...sources, kernelSource('kernel/signal.c', 'set_user_sigmask')],
      tags: ['interrupt', 'mask'],
      entries: ['INT-03'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(
        actor(`on USR1; ${setup}
          fork helper { pdeathsig KILL; until-in ${name} parent; kill parent USR1; enter write $p-w 1 }
          ${statement} USR1 TERM; mask; wait helper; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript().slice(-4)).toEqual([
        'signal USR1: SI_USER from helper',
        `${statement} USR1 TERM: in`,
        'mask: none',
        'wait helper: exit 0',
      ]);
    },
    [{ what: 'the mask lacks it', replace: [`${statement} USR1`, `${statement} USR2`] }],
  );
}

spec(
  {
    id: 'signal.interrupt.only-the-thread-that-takes-it',
    statement:
      'A process-directed signal interrupts only the call of the thread that takes it, one that does not block it.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags: ['interrupt', 'thread'],
    entries: ['INT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`on USR1 opens handled; channel pipe p; channel pipe q; thread t { enter read $q }
        fork helper {
          pdeathsig KILL; until-in read t; until-in read parent; kill parent USR1; await handled
          enter write $p-w 3; enter write $q-w 3
        }
        block USR1; enter read $p; join t; wait helper; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript('t')).toEqual(['signal USR1: SI_USER from helper', 'enter read $q: EINTR']);
    expect(fixture.transcript()).toContain('enter read $p: xxx');
  },
  [{ what: 'main does not block it', replace: ['block USR1; enter read $p', 'enter read $p'] }],
);

spec(
  {
    id: 'signal.interrupt.thread-directed-interrupts-that-thread',
    statement: 'tgkill(2) interrupts the call of the thread it names, and no other.',
    sources: [man('tgkill(2)'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags: ['interrupt', 'thread'],
    entries: ['INT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`on USR1 opens handled; channel pipe p; channel pipe q; thread t { enter read $q }
        fork helper {
          pdeathsig KILL; until-in read t; until-in read parent; tgkill parent t USR1; await handled
          enter write $p-w 3; enter write $q-w 3
        }
        enter read $p; join t; wait helper; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript('t')).toEqual(['signal USR1: SI_TKILL from helper', 'enter read $q: EINTR']);
    expect(fixture.transcript()).toContain('enter read $p: xxx');
  },
  [{ what: 'it names the other', replace: ['tgkill parent t USR1', 'tgkill parent parent USR1'] }],
);

spec(
  {
    id: 'signal.interrupt.fork-restarts-without-sa-restart',
    statement:
      'A fork that finds a signal pending starts again after the handler, without SA_RESTART, and never fails.',
    sources: [kernelSource('kernel/fork.c', 'copy_process'), man('fork(2)')],
    tags: ['interrupt'],
    entries: ['INT-07'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor('signal-at-entry clone USR1 { on USR1; fork worker { runs USR1; exit 4 }; wait worker; exit 3 }; exit 0'),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript()).toEqual(['signal-at-entry clone USR1: 2 entries, exit 3']);
    expect(fixture.transcript('traced')).toEqual([
      'on USR1: 0',
      'signal USR1: SI_USER from parent',
      'wait worker: exit 4',
    ]);
    // The handler had run before there was a child, which therefore inherited the count and nothing pending.
    expect(fixture.transcript('worker')).toEqual(['runs USR1: 1']);
  },
  [{ what: 'it is blocked', replace: ['on USR1; fork', 'on USR1; block USR1; fork'] }],
);

spec(
  {
    id: 'signal.interrupt.read-that-has-data-returns-it',
    statement:
      'A read of a pipe that has bytes returns them although a signal was pending when it began; the handler runs then.',
    sources: [byHandlers, kernelSource('fs/pipe.c', 'pipe_read')],
    tags: ['interrupt'],
    entries: ['INT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor('channel pipe p; enter write $p-w 3; signal-at-entry read USR1 { on USR1; enter read $p }; exit 0'),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().at(-1)).toBe('signal-at-entry read USR1: 1 entries, exit 0');
    expect(fixture.transcript('traced')).toEqual([
      'on USR1: 0',
      'signal USR1: SI_USER from parent',
      'enter read $p: xxx',
    ]);
  },
  [{ what: 'it has none', replace: ['enter write $p-w 3; ', ''] }],
);

spec(
  {
    id: 'signal.interrupt.call-that-does-not-sleep-is-not-interrupted',
    statement:
      'A call that never sleeps, personality(2), succeeds at its first entry although a signal is pending; the handler runs at its end.',
    sources: [byHandlers],
    tags: ['interrupt'],
    entries: ['INT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor('signal-at-entry personality USR1 { on USR1; call personality 0xffffffff; runs USR1 }; exit 0'),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript()).toEqual(['signal-at-entry personality USR1: 1 entries, exit 0']);
    expect(fixture.transcript('traced').slice(-2)).toEqual(['call personality 0xffffffff: 0', 'runs USR1: 1']);
  },
  [{ what: 'it is blocked', replace: ['on USR1; call', 'on USR1; block USR1; call'] }],
);

spec(
  {
    id: 'signal.interrupt.vfork-wait-ends-by-sigkill-alone',
    statement:
      'A parent that waits for its vfork child sleeps uninterruptibly (D): a caught signal waits, SIGKILL ends it.',
    sources: [man('vfork(2)'), kernelSource('kernel/fork.c', 'wait_for_vfork_done')],
    tags: ['interrupt'],
    entries: ['INT-08', 'FEX-05'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(`fork worker { on TERM; clone child CLONE_VFORK { open born; pause } }
        await born; until D worker; kill worker TERM; field /proc/@worker/status SigPnd; field /proc/@worker/status ShdPnd; state worker
        kill worker KILL; wait worker; exit 0`),
    );
    expect(await init.finished()).toEqual(ended);
    expect(init.transcript()).toEqual([
      'until D worker: D',
      'kill worker TERM: 0',
      'field /proc/@worker/status SigPnd: 0000000000000000',
      'field /proc/@worker/status ShdPnd: 0000000000004000',
      'state worker: D',
      'kill worker KILL: 0',
      'wait worker: SIGKILL',
    ]);
    expect(init.transcript('worker')).toEqual(['on TERM: 0']);
  },
  [{ what: 'TERM is ignored', replace: ['on TERM', 'ignore TERM'] }],
);

spec(
  {
    id: 'signal.interrupt.vfork-parent-runs-its-handler-afterwards',
    statement: 'A signal that comes while a parent waits for its vfork child is handled when the child has gone.',
    sources: [man('vfork(2)'), kernelSource('kernel/fork.c', 'wait_for_vfork_done')],
    tags: ['interrupt'],
    entries: ['INT-08', 'FEX-05'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(`fork worker { on TERM; clone child CLONE_VFORK { open born; await sent; say late; exit 5 }; wait child; exit 0 }
        await born; until D worker; kill worker TERM; open sent; wait worker; exit 0`),
    );
    expect(await init.finished()).toEqual(ended);
    expect(init.transcript('worker')).toEqual(['on TERM: 0', 'signal TERM: SI_USER from parent', 'wait child: exit 5']);
    const [late] = init.seen({ who: 'child', ev: 'say' });
    const [handled] = init.seen({ who: 'worker', ev: 'signal' });
    expect(handled?.t).toBeGreaterThan(late?.t ?? NaN);
  },
  [{ what: 'an ordinary child', replace: ['kill worker TERM; open sent', 'open sent; kill worker KILL'] }],
);

const handOver = (options: string): string => `on USR1${options} opens handled
  thread t { hand-over nanosleep > l; open installed; enter nanosleep 1 }
  await installed; handed $l > first; tgkill self t USR1; await handled; handed $l > second
  answer $l $first 6; answer $l $second 7; join t; exit 0`;

spec(
  {
    id: 'signal.interrupt.handed-over-call-restarts',
    statement:
      'A nanosleep that a supervisor is asked to answer (SECCOMP_RET_USER_NOTIF) is restarted after a handler with SA_RESTART: the supervisor is asked again, and the first question cannot be answered any more.',
    sources: [
      man('seccomp_unotify(2)', 'Interaction with SA_RESTART signal handlers'),
      kernelSource('kernel/seccomp.c', 'seccomp_do_user_notification'),
    ],
    tags: ['interrupt', 'seccomp'],
    entries: ['INT-10'],
    needs: ['CONFIG_SECCOMP_FILTER'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(actor(handOver(' restart')));
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript('t').slice(-2)).toEqual(['signal USR1: SI_TKILL from self', 'enter nanosleep 1: 7']);
    expect(fixture.transcript().slice(-5)).toEqual([
      'tgkill self t USR1: 0',
      'handed $l: 0',
      'answer $l $first 6: ENOENT',
      'answer $l $second 7: 0',
      'join t: 0',
    ]);
  },
  [{ what: 'the handler lacks SA_RESTART', replace: [' restart opens', ' opens'] }],
);

spec(
  {
    id: 'signal.interrupt.handed-over-call-fails-with-eintr',
    statement: 'A nanosleep that a supervisor is asked to answer fails with EINTR after a handler without SA_RESTART.',
    sources: [man('seccomp_unotify(2)'), kernelSource('kernel/seccomp.c', 'seccomp_do_user_notification')],
    tags: ['interrupt', 'seccomp'],
    entries: ['INT-10'],
    needs: ['CONFIG_SECCOMP_FILTER'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(actor(handOver('')));
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript('t').slice(-2)).toEqual(['signal USR1: SI_TKILL from self', 'enter nanosleep 1: EINTR']);
    expect(fixture.transcript()).toContain('handed $l: nobody');
  },
  [{ what: 'the handler has SA_RESTART', replace: ['on USR1 opens', 'on USR1 restart opens'] }],
);

spec(
  {
    id: 'signal.interrupt.restart-syscall-by-hand-fails',
    statement:
      'restart_syscall(2) that a program calls itself fails with EINTR, also after a handler has ended a nanosleep.',
    sources: [man('restart_syscall(2)'), kernelSource('kernel/signal.c', 'do_no_restart_syscall')],
    tags: ['interrupt'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`on USR1; call restart_syscall; fork helper { pdeathsig KILL; until-in nanosleep parent; kill parent USR1 }
        enter nanosleep 1000000; call restart_syscall; wait helper; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(1)).toEqual([
      'call restart_syscall: EINTR',
      'signal USR1: SI_USER from helper',
      'enter nanosleep 1000000: EINTR',
      'call restart_syscall: EINTR',
      'wait helper: exit 0',
    ]);
  },
  [{ what: 'the signal kills', replace: ['on USR1', 'default USR1'] }],
);

for (const { first, second, result } of [
  { first: ' restart', second: '', result: 'xxx' },
  { first: '', second: ' restart', result: 'EINTR' },
])
  spec(
    {
      id: `signal.interrupt.of-two-handlers-the-first-decides-${result === 'xxx' ? 'restart' : 'eintr'}`,
      statement: `When two handlers interrupt one read, SA_RESTART of the signal that is delivered first, the lower number, decides: it ${result === 'xxx' ? 'goes on' : 'fails with EINTR'}.`,
      sources: [byHandlers, kernelSource('arch/x86/kernel/signal.c', 'handle_signal')],
      tags: ['interrupt'],
      entries: ['INT-01'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(
        actor(`on USR1${first} opens one; on USR2${second} opens two; channel pipe p; fork helper {
            pdeathsig KILL; until-in read parent; kill parent STOP; until T parent; kill parent USR2; kill parent USR1
            kill parent CONT; await one; await two; enter write $p-w 3
          }
          enter read $p; wait helper; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      // The handler of the second runs on top of the frame of the first, so before it.
      expect(fixture.transcript().slice(-4)).toEqual([
        'signal USR2: SI_USER from helper',
        'signal USR1: SI_USER from helper',
        `enter read $p: ${result}`,
        'wait helper: exit 0',
      ]);
    },
    [{ what: 'the first has the other flag', replace: [`on USR1${first}`, `on USR1${second}`] }],
  );
