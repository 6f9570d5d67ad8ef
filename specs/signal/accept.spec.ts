/** Signals that are accepted instead of handled: sigtimedwait(2), sigwaitinfo(2). */
import { actor, kernelSource, man, signalsTakenBy, signalsTo, spec } from '../../src/harness/index.ts';

const page = man('sigwaitinfo(2)');
const source = kernelSource('kernel/signal.c', 'do_sigtimedwait');
const ended = { by: 'exit', code: 0 };

for (const { id, prepare, words } of [
  { id: 'default', prepare: 'default TERM', words: 'whose default action is to kill' },
  { id: 'ignored', prepare: 'ignore TERM', words: 'that is ignored' },
  { id: 'caught', prepare: 'on TERM', words: 'that has a handler' },
]) {
  spec(
    {
      id: `signal.accept.pending-${id}-signal-is-consumed`,
      statement: `A blocked and pending signal ${words} is accepted by sigtimedwait, and nothing happens when it is unblocked.`,
      sources: [page, source],
      tags: ['accept', 'star', 'container'],
      entries: ['SWT-01'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(
        actor(`${prepare}; block TERM; kill self TERM; pending; sigpoll TERM; pending; unblock TERM; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript().slice(2)).toEqual([
        'kill self TERM: 0',
        'pending: TERM',
        'sigpoll TERM: TERM SI_USER from self',
        'pending: none',
        'unblock TERM: 0',
      ]);
    },
    [
      { what: 'it is not accepted', replace: ['sigpoll TERM', 'pending'] },
      { what: 'it is not blocked', replace: ['block TERM; kill', 'block INT; kill'] },
    ],
  );

  spec(
    {
      id: `signal.accept.arriving-${id}-signal-is-consumed`,
      statement: `A blocked signal ${words} that comes while the process sleeps in sigtimedwait is accepted: it neither kills nor runs a handler.`,
      sources: [page, source, kernelSource('kernel/signal.c', 'complete_signal')],
      tags: ['accept', 'star', 'container'],
      entries: ['SWT-01', 'SWT-02'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(
        actor(`${prepare}; block TERM; fork helper { pdeathsig KILL; until-in rt_sigtimedwait parent; kill parent TERM }
          sigwait TERM; pending; mask; unblock TERM; wait helper; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript().slice(2)).toEqual([
        'sigwait TERM: TERM SI_USER from helper',
        'pending: none',
        'mask: TERM',
        'unblock TERM: 0',
        'wait helper: exit 0',
      ]);
    },
    [{ what: 'it is SIGKILL', replace: ['kill parent TERM', 'kill parent KILL'] }],
  );
}

spec(
  {
    id: 'signal.accept.unblocked-fatal-signal-kills-the-waiter',
    statement:
      'Waiting in sigtimedwait for a signal that is not blocked and whose default action is to kill does not save from it.',
    sources: [man('sigwaitinfo(2)', 'NOTES'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags: ['accept', 'star', 'container'],
    entries: ['SWT-02'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`fork worker { default TERM; sigwait TERM; exit 0 }
        until-in rt_sigtimedwait worker; kill worker TERM; wait worker; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().at(-1)).toBe('wait worker: SIGTERM');
    expect(fixture.transcript('worker')).toEqual(['default TERM: 0']);
  },
  [{ what: 'it is blocked', replace: ['default TERM', 'block TERM'] }],
);

spec(
  {
    id: 'signal.accept.unblocked-default-ignored-signal-is-not-seen',
    statement:
      'A signal that is not blocked and whose default action is to ignore it is discarded although sigtimedwait waits for it.',
    sources: [page, kernelSource('kernel/signal.c', 'sig_ignored')],
    tags: ['accept'],
    entries: ['SWT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      // Of two that are pending, the one with the lower number comes first: SIGWINCH would show.
      actor(`default WINCH; block 34; fork helper {
          pdeathsig KILL; until-in rt_sigtimedwait parent; kill parent WINCH; kill parent 34
        }
        sigwait WINCH 34; wait helper; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().at(-2)).toBe('sigwait WINCH 34: 34 SI_USER from helper');
  },
  [{ what: 'it is blocked', replace: ['block 34', 'block 34 WINCH'] }],
);

spec(
  {
    id: 'signal.accept.blocked-default-ignored-signal-is-queued',
    statement: 'A blocked signal whose default action is to ignore it is queued and can be accepted.',
    sources: [page, kernelSource('kernel/signal.c', 'sig_ignored')],
    tags: ['accept'],
    entries: ['SWT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(
        'block WINCH URG CHLD; kill self URG; kill self WINCH; fork c { exit 3 }; sigwait CHLD; sigpoll WINCH; sigpoll URG; exit 0',
      ),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(3)).toEqual([
      'sigwait CHLD: CHLD CLD_EXITED 3 from c',
      'sigpoll WINCH: WINCH SI_USER from self',
      'sigpoll URG: URG SI_USER from self',
    ]);
  },
  [{ what: 'one is not blocked', replace: ['block WINCH URG', 'block WINCH'] }],
);

spec(
  {
    id: 'signal.accept.nothing-pending-is-eagain',
    statement:
      'With a timeout of zero and nothing pending sigtimedwait fails with EAGAIN, even when another signal is pending.',
    sources: [page, source],
    tags: ['accept'],
    entries: ['SWT-03'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor('block TERM USR1; sigpoll USR1; kill self TERM; sigpoll USR1; pending; exit 0'),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript()).toEqual([
      'block TERM USR1: 0',
      'sigpoll USR1: EAGAIN',
      'kill self TERM: 0',
      'sigpoll USR1: EAGAIN',
      'pending: TERM',
    ]);
  },
  [{ what: 'it is pending', replace: ['kill self TERM', 'kill self USR1'] }],
);

spec(
  {
    id: 'signal.accept.timeout-is-eagain-and-not-early',
    statement:
      'When the time is over sigtimedwait fails with EAGAIN, not before it is over, and the mask is as it was.',
    sources: [page, source],
    tags: ['accept'],
    entries: ['SWT-03'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(actor('block TERM USR1; say begin; sigwait-for 25 USR1; mask; exit 0'));
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript()).toEqual(['block TERM USR1: 0', 'sigwait-for 25 USR1: EAGAIN', 'mask: USR1 TERM']);
    const [begin] = fixture.seen({ ev: 'say' });
    const [over] = fixture.seen({ ev: 'sigwait-for' });
    expect((over?.t ?? NaN) - (begin?.t ?? NaN)).toBeGreaterThanOrEqual(25_000_000);
  },
  [{ what: 'no time at all', replace: ['sigwait-for 25', 'sigwait-for 0'] }],
);

spec(
  {
    id: 'signal.accept.bad-timeout-is-einval',
    statement:
      'A timeout that is negative, or has a second or more of nanoseconds, makes sigtimedwait fail with EINVAL, also when a signal is pending.',
    sources: [man('sigwaitinfo(2)', 'ERRORS'), source],
    tags: ['accept'],
    entries: ['SWT-03'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(
        'block USR1; kill self USR1; sigwait-for -1 USR1; sigwait-for bad USR1; pending; sigwait-for 0 USR1; exit 0',
      ),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(2)).toEqual([
      'sigwait-for -1 USR1: EINVAL',
      'sigwait-for bad USR1: EINVAL',
      'pending: USR1',
      'sigwait-for 0 USR1: USR1',
    ]);
  },
  [{ what: 'the timeout is fine', replace: ['sigwait-for -1', 'sigwait-for 1'] }],
);

spec(
  {
    id: 'signal.accept.kill-and-stop-cannot-be-accepted',
    statement:
      'SIGKILL and SIGSTOP in the set are silently left out: there is nothing to accept, and SIGKILL still kills the waiter.',
    sources: [page, source],
    tags: ['accept'],
    entries: ['SWT-03'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`fork worker { block all; sigpoll KILL STOP; sigwait KILL STOP; exit 0 }
        until-in rt_sigtimedwait worker; kill worker STOP; wait worker WUNTRACED; kill worker KILL; wait worker; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript('worker')).toEqual(['block all: 0', 'sigpoll KILL STOP: EAGAIN']);
    expect(fixture.transcript().slice(-4)).toEqual([
      'kill worker STOP: 0',
      'wait worker: stopped by SIGSTOP',
      'kill worker KILL: 0',
      'wait worker: SIGKILL',
    ]);
  },
  [
    {
      what: 'it waits for one more',
      replace: ['sigwait KILL STOP', 'kill self USR1; sigwait USR1; sigwait KILL STOP'],
    },
  ],
);

spec(
  {
    id: 'signal.accept.lowest-number-first',
    statement:
      'Of several pending signals sigtimedwait accepts the one with the lowest number: standard before real-time, whatever the order of sending.',
    sources: [man('signal(7)', 'Real-time signals'), kernelSource('kernel/signal.c', 'next_signal')],
    tags: ['accept'],
    entries: ['SWT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`block all; sigqueue self 40 1; sigqueue self 34 2; kill self TERM; kill self HUP; sigqueue self 34 3
        quietly { kill self USR1 }
        sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().filter((line) => line.startsWith('sigpoll'))).toEqual(
      [
        'HUP SI_USER from self',
        'USR1 SI_USER from self',
        'TERM SI_USER from self',
        '34 SI_QUEUE 2 from self',
        '34 SI_QUEUE 3 from self',
        '40 SI_QUEUE 1 from self',
        'EAGAIN',
      ].map((line) => `sigpoll all: ${line}`),
    );
  },
  [{ what: 'one is not sent', replace: ['kill self HUP', 'kill self 0'] }],
);

spec(
  {
    id: 'signal.accept.thread-directed-first',
    statement:
      'A signal that is pending for the thread is accepted before one that is pending for the process, even with a higher number.',
    sources: [kernelSource('kernel/signal.c', 'dequeue_signal')],
    tags: ['accept', 'thread'],
    entries: ['SWT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(
        'block all; kill self HUP; kill self USR1; tgkill self tid TERM; sigpoll all; sigpoll all; sigpoll all; exit 0',
      ),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(-3)).toEqual([
      'sigpoll all: TERM SI_TKILL from self',
      'sigpoll all: HUP SI_USER from self',
      'sigpoll all: USR1 SI_USER from self',
    ]);
  },
  [{ what: 'it is for the process', replace: ['tgkill self tid TERM', 'kill self TERM'] }],
);

spec(
  {
    id: 'signal.accept.another-threads-signal-is-not-accepted',
    statement: 'A signal that was sent to one thread cannot be accepted by another.',
    sources: [man('sigwaitinfo(2)'), kernelSource('kernel/signal.c', 'dequeue_signal')],
    tags: ['accept', 'thread'],
    entries: ['SWT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`block USR1; thread t { await sent; sigwait USR1 }
        tgkill self t USR1; sigpoll USR1; pending; open sent; join t; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(1)).toEqual([
      'tgkill self t USR1: 0',
      'sigpoll USR1: EAGAIN',
      'pending: none',
      'join t: 0',
    ]);
    expect(fixture.transcript('t')).toEqual(['sigwait USR1: USR1 SI_TKILL from self']);
  },
  [{ what: 'it is sent to the process', replace: ['tgkill self t USR1', 'kill self USR1; kill self 0'] }],
);

spec(
  {
    id: 'signal.accept.one-thread-gets-it',
    statement:
      'When two threads sleep in sigtimedwait for a signal, one that is sent to the process is accepted by exactly one of them; the other fails with EINTR although no handler ran.',
    sources: [page, kernelSource('kernel/signal.c', 'retarget_shared_pending')],
    tags: ['accept', 'thread'],
    entries: ['SWT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`block all; thread a { sigwait USR1 34 }; thread b { sigwait USR1 34 }
        fork helper {
          pdeathsig KILL; until-in rt_sigtimedwait a; until-in rt_sigtimedwait b; sigqueue parent 34 1
        }
        join a; join b; wait helper; pending; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    const accepted = [...fixture.transcript('a'), ...fixture.transcript('b')];
    expect(accepted.toSorted()).toEqual(['sigwait USR1 34: 34 SI_QUEUE 1 from helper', 'sigwait USR1 34: EINTR']);
    expect(fixture.transcript().at(-1)).toBe('pending: CHLD');
  },
  [{ what: 'each is sent one', replace: ['sigqueue parent 34 1', 'tgkill parent a USR1; tgkill parent b USR1'] }],
);

spec(
  {
    id: 'signal.accept.handler-of-another-signal-interrupts',
    statement:
      'A handler of a signal that sigtimedwait does not wait for makes it fail with EINTR, and the mask is as it was.',
    sources: [man('sigwaitinfo(2)', 'ERRORS'), source],
    tags: ['accept', 'interrupt'],
    entries: ['INT-03'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`on USR2 restart mask; block USR1 TERM; fork helper { pdeathsig KILL; until-in rt_sigtimedwait parent; kill parent USR2 }
        sigwait USR1; mask; wait helper; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(2)).toEqual([
      'signal USR2: SI_USER from helper, blocked: USR1 USR2 TERM',
      'sigwait USR1: EINTR',
      'mask: USR1 TERM',
      'wait helper: exit 0',
    ]);
  },
  [{ what: 'it waits for that one', replace: ['sigwait USR1', 'sigwait USR1 USR2'] }],
);

spec(
  {
    id: 'signal.accept.coalesced-standard-signal-comes-once',
    statement:
      'A standard signal that was sent three times while blocked is accepted once, a real-time one three times, in order.',
    sources: [
      man('signal(7)', 'Queueing and delivery semantics for standard signals'),
      kernelSource('kernel/signal.c', 'collect_signal'),
    ],
    tags: ['accept'],
    entries: ['SWT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`block USR1 35; quietly { sigqueue self USR1 1; sigqueue self USR1 2; sigqueue self USR1 3 }
        quietly { sigqueue self 35 1; sigqueue self 35 2; sigqueue self 35 3 }
        sigpoll USR1; sigpoll USR1; sigpoll 35; sigpoll 35; pending; sigpoll 35; sigpoll 35; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(1)).toEqual([
      'sigpoll USR1: USR1 SI_QUEUE 1 from self',
      'sigpoll USR1: EAGAIN',
      'sigpoll 35: 35 SI_QUEUE 1 from self',
      'sigpoll 35: 35 SI_QUEUE 2 from self',
      'pending: 35',
      'sigpoll 35: 35 SI_QUEUE 3 from self',
      'sigpoll 35: EAGAIN',
    ]);
  },
  [{ what: 'one fewer', replace: ['sigqueue self 35 2; ', ''] }],
);

spec(
  {
    id: 'signal.accept.child-stays-a-zombie',
    statement: 'A SIGCHLD that sigtimedwait accepts tells how the child ended and reaps nobody.',
    sources: [page, man('wait(2)')],
    tags: ['accept', 'star', 'container'],
    entries: ['SWT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor('block CHLD; fork c { exit 7 }; sigwait CHLD; state c; wait c; sigpoll CHLD; exit 0'),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript()).toEqual([
      'block CHLD: 0',
      'sigwait CHLD: CHLD CLD_EXITED 7 from c',
      'state c: Z',
      'wait c: exit 7',
      'sigpoll CHLD: EAGAIN',
    ]);
  },
  [
    {
      what: 'SIGCHLD is ignored',
      replace: ['block CHLD', 'ignore CHLD; kill self 0; block CHLD; sigqueue self CHLD 1'],
    },
  ],
);

spec(
  {
    id: 'signal.accept.stop-signal-does-not-stop',
    statement: 'A blocked SIGTSTP, SIGTTIN or SIGTTOU is accepted and stops nobody; so is SIGCONT.',
    sources: [page, source],
    tags: ['accept'],
    entries: ['SWT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`block TSTP TTIN TTOU CONT; kill self TSTP; sigpoll TSTP; kill self TTIN; sigpoll TTIN
        kill self TTOU; sigpoll TTOU; kill self CONT; sigpoll CONT; unblock TSTP TTIN TTOU CONT; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().filter((line) => line.startsWith('sigpoll'))).toEqual([
      'sigpoll TSTP: TSTP SI_USER from self',
      'sigpoll TTIN: TTIN SI_USER from self',
      'sigpoll TTOU: TTOU SI_USER from self',
      'sigpoll CONT: CONT SI_USER from self',
    ]);
  },
  [{ what: 'one is not there', replace: ['kill self TTIN', 'kill self 0'] }],
);

spec(
  {
    id: 'signal.accept.set-of-another-size-is-einval',
    statement: "rt_sigtimedwait with a set of another size than the kernel's 8 bytes fails with EINVAL.",
    sources: [kernelSource('kernel/signal.c', 'rt_sigtimedwait'), man('sigwaitinfo(2)')],
    tags: ['accept'],
    entries: ['SWT-03'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor('call rt_sigtimedwait 0 0 0 4; call rt_sigtimedwait 0 0 0 8; call rt_sigtimedwait 0 0 0 16; exit 0'),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript()).toEqual([
      'call rt_sigtimedwait 0 0 0 4: EINVAL',
      'call rt_sigtimedwait 0 0 0 8: EFAULT',
      'call rt_sigtimedwait 0 0 0 16: EINVAL',
    ]);
  },
  [{ what: 'the right size', replace: ['0 0 0 4', '0 0 0 8'] }],
);

for (const { from, act } of [
  { from: 'a-member', act: 'fork helper { until-in rt_sigtimedwait init; kill init TERM }; ' },
  { from: 'the-host', act: '' },
])
  spec(
    {
      id: `pidns.init.accepts-blocked-sigterm-from-${from}`,
      statement: `An init that blocks SIGTERM and leaves it at SIG_DFL accepts one from ${from.replace('-', ' ')} of its namespace by sigtimedwait.`,
      sources: [kernelSource('kernel/signal.c', 'sig_ignored'), man('pid_namespaces(7)')],
      tags: ['accept', 'star', 'container'],
      entries: ['SWT-04'],
    },
    async ({ guest, expect }) => {
      const init = await guest.pidNamespace(actor(`block TERM; ${act}ready; sigwait TERM; unblock TERM; exit 0`));
      if (act === '') {
        await init.ready();
        await init.signal('TERM');
      }
      expect(await init.finished()).toEqual(ended);
      expect(init.transcript()).toEqual([
        'block TERM: 0',
        `sigwait TERM: TERM SI_USER from ${act === '' ? '0' : 'helper'}`,
        'unblock TERM: 0',
      ]);
    },
    [
      {
        what: 'it waits for SIGINT too, which comes first',
        replace: ['ready; sigwait TERM', 'block INT; sigqueue self INT 1; ready; sigwait TERM INT'],
      },
    ],
  );

spec(
  {
    id: 'signal.accept.generated-but-not-delivered',
    statement: 'The kernel traces the generation of a signal that sigtimedwait or a signalfd takes, and no delivery.',
    sources: [kernelSource('kernel/signal.c', 'get_signal'), kernelSource('fs/signalfd.c', 'signalfd_dequeue')],
    tags: ['accept', 'trace'],
    entries: ['SWT-05'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`on USR1; on USR2; on TERM; block USR1 USR2; signalfd -1 0 USR2 > s; kill self USR1; kill self USR2; kill self TERM
        sigpoll USR1; read-signals $s 1; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(-2)).toEqual([
      'sigpoll USR1: USR1 SI_USER from self',
      'read-signals $s 1: USR2 SI_USER from self',
    ]);
    const trace = await fixture.kernelTrace();
    expect(signalsTo(trace, fixture.hostPid).map(({ sig, res }) => [sig, res])).toEqual([
      [10, 0],
      [12, 0],
      [15, 0],
    ]);
    expect(signalsTakenBy(trace, fixture.hostPid)).toEqual([15]);
  },
  [{ what: 'one is unblocked first', replace: ['sigpoll USR1', 'unblock USR1'] }],
);
