/** Signals that are read from a descriptor: signalfd(2). */
import { actor, kernelSource, man, spec } from '../../src/harness/index.ts';

const page = man('signalfd(2)');
const source = kernelSource('fs/signalfd.c', 'signalfd_dequeue');
const ended = { by: 'exit', code: 0 };

/** One actor that does it all, whose transcript, without the first lines, is the claim. */
const simple = (
  claim: {
    readonly id: string;
    readonly statement: string;
    readonly entries?: readonly string[];
    readonly tags?: readonly string[];
  },
  script: string,
  lines: readonly string[],
  breaks: readonly { readonly what: string; readonly replace: readonly [string, string] }[],
): void =>
  spec(
    { sources: [page, source], ...claim, tags: ['signalfd', ...(claim.tags ?? [])] },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(`${script}; exit 0`));
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript().slice(-lines.length)).toEqual(lines);
    },
    breaks,
  );

simple(
  {
    id: 'signal.signalfd.read-consumes',
    statement:
      'A read from a signalfd accepts a pending signal: it tells who sent it, and nothing is pending afterwards.',
    entries: ['SFD-01'],
    tags: ['container'],
  },
  'on USR1; block USR1; signalfd -1 0 USR1 > s; kill self USR1; read-signals $s 1; pending; unblock USR1',
  ['kill self USR1: 0', 'read-signals $s 1: USR1 SI_USER from self', 'pending: none', 'unblock USR1: 0'],
  [{ what: 'it is not read', replace: ['read-signals $s 1', 'pending'] }],
);

simple(
  {
    id: 'signal.signalfd.nothing-pending-is-eagain',
    statement:
      'A signalfd that does not block says EAGAIN when none of its signals is pending, even when another one is.',
    entries: ['SFD-01'],
  },
  'block USR1 USR2; signalfd -1 SFD_NONBLOCK USR1 > s; read-signals $s 1; kill self USR2; read-signals $s 1; pending',
  ['read-signals $s 1: EAGAIN', 'kill self USR2: 0', 'read-signals $s 1: EAGAIN', 'pending: USR2'],
  [{ what: 'its own is', replace: ['kill self USR2', 'kill self USR1'] }],
);

simple(
  {
    id: 'signal.signalfd.short-buffer-is-einval',
    statement: 'A buffer of less than 128 bytes makes the read fail with EINVAL, and the signal stays pending.',
    entries: ['SFD-01'],
  },
  'block USR1; signalfd -1 0 USR1 > s; kill self USR1; call read $s 0 127; pending; read-signals $s 1',
  ['call read $s 0 127: EINVAL', 'pending: USR1', 'read-signals $s 1: USR1 SI_USER from self'],
  [{ what: 'it is long enough', replace: ['0 127', '0 128'] }],
);

simple(
  {
    id: 'signal.signalfd.one-read-takes-several',
    statement:
      'One read takes as many signals as there are and fit, in order of their numbers; what does not fit stays.',
    entries: ['SFD-01'],
  },
  `block all; signalfd -1 SFD_NONBLOCK all > s; sigqueue self 40 1; sigqueue self 34 2; kill self TERM; kill self HUP
   kill self TERM; sigqueue self 34 3; read-signals $s 3; read-signals $s 9; read-signals $s 9`,
  [
    'read-signals $s 3: HUP SI_USER from self',
    'read-signals $s 3: TERM SI_USER from self',
    'read-signals $s 3: 34 SI_QUEUE 2 from self',
    'read-signals $s 9: 34 SI_QUEUE 3 from self',
    'read-signals $s 9: 40 SI_QUEUE 1 from self',
    'read-signals $s 9: EAGAIN',
  ],
  [
    { what: 'the first read has room for two', replace: ['read-signals $s 3', 'read-signals $s 2'] },
    { what: 'one is missing', replace: ['sigqueue self 34 2; ', ''] },
  ],
);

simple(
  {
    id: 'signal.signalfd.sigchld-tells-the-status',
    statement: 'A SIGCHLD read from a signalfd tells which child ended and how; the child is still to be reaped.',
    entries: ['SFD-01'],
    tags: ['container'],
  },
  'block CHLD; signalfd -1 0 CHLD > s; fork c { exit 5 }; read-signals $s 1; state c; wait c',
  ['read-signals $s 1: CHLD CLD_EXITED 5 from c', 'state c: Z', 'wait c: exit 5'],
  [{ what: 'it is killed', replace: ['exit 5', 'kill self KILL'] }],
);

simple(
  {
    id: 'signal.signalfd.sigchld-ignored-is-nothing',
    statement: 'While SIGCHLD is ignored nothing comes to a signalfd when a child ends, though it is blocked.',
    entries: ['SFD-06'],
    tags: ['container'],
  },
  'ignore CHLD; block CHLD; signalfd -1 SFD_NONBLOCK CHLD > s; fork c { exit 5 }; wait c; read-signals $s 1',
  ['wait c: ECHILD', 'read-signals $s 1: EAGAIN'],
  [{ what: 'it is not ignored', replace: ['ignore CHLD', 'default CHLD'] }],
);

simple(
  {
    id: 'signal.signalfd.ignored-but-blocked-is-read',
    statement: 'A signal that is ignored but blocked is queued, and a signalfd reads it.',
    entries: ['SFD-01'],
  },
  'ignore TERM; block TERM; signalfd -1 SFD_NONBLOCK TERM > s; kill self TERM; read-signals $s 1',
  ['kill self TERM: 0', 'read-signals $s 1: TERM SI_USER from self'],
  [{ what: 'it is not blocked', replace: ['block TERM', 'block INT'] }],
);

simple(
  {
    id: 'signal.signalfd.unblocked-signal-runs-its-handler',
    statement: 'A signal that is not blocked goes to its handler, not to a signalfd.',
    entries: ['SFD-01'],
  },
  'on USR1; signalfd -1 SFD_NONBLOCK USR1 > s; kill self USR1; read-signals $s 1',
  ['signal USR1: SI_USER from self', 'kill self USR1: 0', 'read-signals $s 1: EAGAIN'],
  [{ what: 'it is blocked', replace: ['on USR1', 'on USR1; block USR1'] }],
);

simple(
  {
    id: 'signal.signalfd.kill-and-stop-are-left-out',
    statement: 'SIGKILL and SIGSTOP are silently left out of the mask of a signalfd, as /proc/PID/fdinfo shows.',
    entries: ['SFD-04'],
  },
  'signalfd -1 0 HUP KILL TERM STOP > s; field /proc/self/fdinfo/@$s sigmask',
  ['signalfd -1 0 HUP KILL TERM STOP: 0', 'field /proc/self/fdinfo/@$s sigmask: 0000000000004001'],
  [{ what: 'SIGINT in place of SIGKILL', replace: ['HUP KILL', 'HUP INT'] }],
);

simple(
  {
    id: 'signal.signalfd.second-call-changes-the-mask',
    statement: 'signalfd(2) on a signalfd replaces its mask and returns the same descriptor.',
  },
  `block USR1 USR2; signalfd -1 SFD_NONBLOCK USR1 > s; signalfd $s 0 USR2 > t; kill self USR1; kill self USR2
   read-signals $t 2; field /proc/self/fdinfo/@$s sigmask; call close $s; call close $t`,
  [
    'read-signals $t 2: USR2 SI_USER from self',
    'field /proc/self/fdinfo/@$s sigmask: 0000000000000800',
    'call close $s: 0',
    'call close $t: EBADF',
  ],
  [{ what: 'a new descriptor', replace: ['signalfd $s 0', 'signalfd -1 0'] }],
);

simple(
  {
    id: 'signal.signalfd.bad-arguments',
    statement:
      'signalfd fails with EINVAL for a descriptor of something else, unknown flags or a mask of another size, and with EBADF for none.',
  },
  `channel pipe p; signalfd $p 0 USR1; signalfd -1 1 USR1; call signalfd4 -1 0 4 0; signalfd 77 0 USR1`,
  [
    'signalfd $p 0 USR1: EINVAL',
    'signalfd -1 1 USR1: EINVAL',
    'call signalfd4 -1 0 4 0: EINVAL',
    'signalfd 77 0 USR1: EBADF',
  ],
  [{ what: 'no flags', replace: ['signalfd -1 1', 'signalfd -1 0'] }],
);

simple(
  {
    id: 'signal.signalfd.child-reads-its-own-signals',
    statement:
      'A child that inherits a signalfd reads from it the signals that were sent to itself, not those of its parent.',
    entries: ['SFD-02'],
  },
  `block USR1; signalfd -1 SFD_NONBLOCK USR1 > s; kill self USR1
   fork c { read-signals $s 1; sigqueue self USR1 9; read-signals $s 1; exit 0 }; wait c; read-signals $s 1`,
  ['wait c: exit 0', 'read-signals $s 1: USR1 SI_USER from self'],
  [{ what: 'it is sent to the child', replace: ['kill self USR1', 'kill self 0'] }],
);

spec(
  {
    id: 'signal.signalfd.child-does-not-see-its-parents',
    statement:
      'Nothing that is pending for the parent can be read by a child from the signalfd they share, though its own signals can.',
    sources: [page, source],
    tags: ['signalfd'],
    entries: ['SFD-02'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`block USR1; signalfd -1 SFD_NONBLOCK USR1 > s; kill self USR1
        fork c { read-signals $s 1; sigqueue self USR1 9; read-signals $s 1; exit 0 }; wait c; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript('c')).toEqual([
      'read-signals $s 1: EAGAIN',
      'sigqueue self USR1 9: 0',
      'read-signals $s 1: USR1 SI_QUEUE 9 from self',
    ]);
  },
  [{ what: 'the child sends to its parent', replace: ['sigqueue self USR1 9', 'sigqueue parent USR1 9'] }],
);

spec(
  {
    id: 'signal.signalfd.epoll-watches-for-who-added-it',
    statement:
      'An epoll tells of a signalfd by the signals of the process that added it: in a child it stays silent although a read succeeds.',
    sources: [man('signalfd(2)', 'epoll(7) semantics'), kernelSource('fs/signalfd.c', 'signalfd_poll')],
    tags: ['signalfd'],
    entries: ['SFD-03'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`block USR1; signalfd -1 SFD_NONBLOCK USR1 > s; channel epoll e $s
        fork c { kill self USR1; look $e; read-signals $s 1; kill parent USR1; exit 0 }
        wait c; enter epoll_wait $e; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript('c')).toEqual([
      'kill self USR1: 0',
      'look $e: 0',
      'read-signals $s 1: USR1 SI_USER from self',
      'kill parent USR1: 0',
    ]);
    expect(fixture.transcript().at(-1)).toBe('enter epoll_wait $e: in');
  },
  [{ what: 'the child adds it itself', replace: ['fork c {', 'fork c { channel epoll e $s;'] }],
);

simple(
  {
    id: 'signal.signalfd.is-readable-while-pending',
    statement: 'poll says that a signalfd can be read as long as one of its signals is pending, and no longer.',
  },
  'block USR1 USR2; signalfd -1 SFD_NONBLOCK USR1 > s; channel epoll e $s; look $e; kill self USR2; look $e; kill self USR1; look $e; enter poll $s; read-signals $s 1; look $e',
  [
    'look $e: 0',
    'kill self USR2: 0',
    'look $e: 0',
    'kill self USR1: 0',
    'look $e: in',
    'enter poll $s: in',
    'read-signals $s 1: USR1 SI_USER from self',
    'look $e: 0',
  ],
  [{ what: 'the other one is in its mask', replace: ['SFD_NONBLOCK USR1', 'SFD_NONBLOCK USR1 USR2'] }],
);

for (const { way, statement } of [
  { way: 'read', statement: 'enter read $s' },
  { way: 'poll', statement: 'enter poll $s' },
  { way: 'epoll', statement: 'enter epoll_wait $e' },
]) {
  const number = way === 'epoll' ? 'epoll_wait' : way;
  spec(
    {
      id: `signal.signalfd.arrival-wakes-${way}`,
      statement: `A signal that arrives wakes a process that sleeps in ${number} on its signalfd.`,
      sources: [page, kernelSource('kernel/signal.c', 'signalfd_notify')],
      tags: ['signalfd'],
      entries: ['SFD-01'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(
        actor(`on USR2; block USR1; signalfd -1 0 USR1 > s; channel epoll e $s
          fork helper { pdeathsig KILL; until-in ${number} parent; kill parent USR1 }
          ${statement}; wait helper; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript()).toContain(`${statement}: ${way === 'read' ? '128 bytes' : 'in'}`);
    },
    [{ what: 'it is a signal with a handler', replace: ['kill parent USR1', 'kill parent USR2; kill parent KILL'] }],
  );
}

simple(
  {
    id: 'signal.signalfd.fault-is-not-read',
    statement: 'A fault of the processor kills although SIGSEGV is blocked and a signalfd waits for it.',
    entries: ['SFD-05'],
  },
  'fork w { limit RLIMIT_CORE 0; block SEGV; signalfd -1 0 SEGV > s; crash; read-signals $s 1 }; wait w',
  ['wait w: SIGSEGV'],
  [{ what: 'kill sends it', replace: ['crash;', 'kill self SEGV;'] }],
);

simple(
  {
    id: 'signal.signalfd.sent-sigsegv-is-read',
    statement: 'A SIGSEGV that kill(2) sends is read from a signalfd like any other signal.',
    entries: ['SFD-05'],
  },
  'block SEGV; signalfd -1 SFD_NONBLOCK SEGV > s; kill self SEGV; read-signals $s 1',
  ['kill self SEGV: 0', 'read-signals $s 1: SEGV SI_USER from self'],
  [{ what: 'it is not sent', replace: ['kill self SEGV', 'kill self 0'] }],
);

simple(
  {
    id: 'signal.signalfd.close-leaves-signals-pending',
    statement: 'Closing a signalfd takes nothing away: its signals stay pending and can be accepted otherwise.',
  },
  'block USR1; signalfd -1 0 USR1 > s; sigqueue self USR1 4; call close $s; pending; sigpoll USR1',
  ['call close $s: 0', 'pending: USR1', 'sigpoll USR1: USR1 SI_QUEUE 4 from self'],
  [{ what: 'it is read first', replace: ['call close $s', 'read-signals $s 1; call close $s'] }],
);

simple(
  {
    id: 'signal.signalfd.created-late-reads-what-was-pending',
    statement: 'A signalfd reads signals that had come before it was made.',
  },
  'block USR1; sigqueue self USR1 4; signalfd -1 SFD_NONBLOCK USR1 > s; read-signals $s 1',
  ['signalfd -1 SFD_NONBLOCK USR1: 0', 'read-signals $s 1: USR1 SI_QUEUE 4 from self'],
  [{ what: 'it is accepted before', replace: ['; signalfd', '; sigpoll USR1; signalfd'] }],
);

simple(
  {
    id: 'signal.signalfd.thread-reads-its-own-and-the-process-signals',
    statement:
      'A thread reads the signals that are pending for itself and for the process, and none of another thread, from the signalfd they share.',
  },
  `block USR1 USR2; signalfd -1 SFD_NONBLOCK USR1 USR2 > s; thread t { await sent; read-signals $s 2; open read }
   tgkill self tid USR1; kill self USR2; open sent; join t; read-signals $s 2`,
  ['join t: 0', 'read-signals $s 2: USR1 SI_TKILL from self'],
  [{ what: 'it is for the process', replace: ['tgkill self tid USR1', 'kill self USR1'] }],
);

spec(
  {
    id: 'signal.signalfd.survives-exec',
    statement:
      'A signalfd without SFD_CLOEXEC is there after execve, and what was pending can be read from it; one with it is closed.',
    sources: [man('signalfd(2)'), man('execve(2)')],
    tags: ['signalfd'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`block USR1; signalfd -1 SFD_CLOEXEC USR1; call dup 0; signalfd -1 SFD_NONBLOCK USR1 > s; kill self USR1
        exec-actor { read-signals 6 1; read-signals 4 1; pending; exit 0 }`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(-3)).toEqual([
      'read-signals 6 1: USR1 SI_USER from self',
      'read-signals 4 1: EBADF',
      'pending: none',
    ]);
  },
  [{ what: 'the other way round', replace: ['SFD_NONBLOCK', 'SFD_NONBLOCK|SFD_CLOEXEC'] }],
);
