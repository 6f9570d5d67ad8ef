/** What protects the init of a pid namespace, and what does not: pid_namespaces(7), kernel/signal.c SIGNAL_UNKILLABLE. */
import { actor, kernelSource, man, signalResult, signalsTo, spec, tells } from '../../src/harness/index.ts';

const page = man('pid_namespaces(7)', 'The namespace init process');
const ignored = kernelSource('kernel/signal.c', 'sig_task_ignored');
const delivery = kernelSource('kernel/signal.c', 'get_signal');
const forced = kernelSource('kernel/signal.c', 'force_sig_info_to_task');
const tags = ['init', 'container'];

const catchable = Array.from({ length: 64 }, (_, index) => index + 1).filter((number) => number !== 9 && number !== 19);

spec(
  {
    id: 'pidns.init.all-signals-from-inside-are-dropped',
    statement:
      'Each of the 64 signals from a member to an init without handlers is dropped; kill(2) returns 0 each time.',
    sources: [page, ignored],
    tags: ['star', ...tags],
    entries: ['INI-01'],
  },
  async ({ guest, expect }) => {
    const numbers = Array.from({ length: 64 }, (_, index) => index + 1);
    const sends = numbers.map((number) => `call kill init ${number}`);
    const init = await guest.pidNamespace(actor(`fork member { ${sends.join('; ')}; exit 0 }; wait member; exit 77`));
    expect(await init.finished()).toEqual({ by: 'exit', code: 77 });
    expect(init.transcript('member')).toEqual(sends.map((send) => `${send}: 0`));
    const sent = signalsTo(await init.kernelTrace(), init.hostPid).filter(({ code }) => code === 0);
    expect(sent.map(({ sig, res }) => [sig, res])).toEqual(numbers.map((number) => [number, signalResult.ignored]));
  },
  [
    { what: 'it is no init', namespace: 'none' },
    { what: 'one of them is blocked', replace: ['fork member', 'block 15; fork member'] },
  ],
);

spec(
  {
    id: 'pidns.init.catchable-signals-from-outside-are-dropped',
    statement:
      'Each catchable signal from the host to an init without handlers is dropped; kill(2) returns 0 each time.',
    sources: [page, ignored],
    tags: ['star', ...tags],
    entries: ['INI-02'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(actor('ready; pause'));
    await init.ready();
    for (const number of catchable) expect(await init.signal(String(number))).toEqual({ result: 0 });
    const sent = signalsTo(await init.kernelTrace(), init.hostPid);
    expect(sent.map(({ sig, res }) => [sig, res])).toEqual(catchable.map((number) => [number, signalResult.ignored]));
    expect(init.alive).toBe(true);
  },
  [
    { what: 'it is no init', namespace: 'none' },
    { what: 'one of them is blocked', replace: ['ready', 'block 40; ready'] },
  ],
);

tells(
  {
    id: 'pidns.init.sigkill-from-outside-ends-it-however-it-is-sent',
    statement:
      'SIGKILL from an ancestor namespace ends a namespace init, and SIGSTOP stops it, by sigqueue(3), tgkill(2) and pidfd_send_signal(2) as by kill(2).',
    sources: [
      page,
      kernelSource('kernel/signal.c', 'send_signal_locked'),
      kernelSource('kernel/signal.c', 'sig_task_ignored'),
    ],
    tags: ['star', ...tags],
    entries: ['INI-03'],
  },
  {
    script: `clone a CLONE_NEWPID { pause }; clone b CLONE_NEWPID { pause }; clone c CLONE_NEWPID|CLONE_PIDFD { pause }; clone d CLONE_NEWPID|CLONE_PIDFD { pause };
      sigqueue a STOP 1; wait a WUNTRACED; sigqueue a KILL 1; wait a; tgkill b b STOP; wait b WUNTRACED; tgkill b b KILL; wait b;
      pidfd-queue $c STOP 1; wait c WUNTRACED; pidfd-queue $c KILL 1; wait c; call pidfd_send_signal $d STOP 0 0; wait d WUNTRACED; call pidfd_send_signal $d KILL 0 0; wait d; exit 0`,
    says: {
      main: [
        'sigqueue a STOP 1: 0',
        'wait a: stopped by SIGSTOP',
        'sigqueue a KILL 1: 0',
        'wait a: SIGKILL',
        'tgkill b b STOP: 0',
        'wait b: stopped by SIGSTOP',
        'tgkill b b KILL: 0',
        'wait b: SIGKILL',
        'pidfd-queue $c STOP 1: 0',
        'wait c: stopped by SIGSTOP',
        'pidfd-queue $c KILL 1: 0',
        'wait c: SIGKILL',
        'call pidfd_send_signal $d STOP 0 0: 0',
        'wait d: stopped by SIGSTOP',
        'call pidfd_send_signal $d KILL 0 0: 0',
        'wait d: SIGKILL',
      ],
    },
  },
  [
    {
      what: 'one is sent from inside',
      replace: [
        'clone a CLONE_NEWPID { pause }',
        'clone a CLONE_NEWPID { kill self KILL; exit 5 }; quietly { until Z a }',
      ],
    },
  ],
);

tells(
  {
    id: 'pidns.init.sigterm-from-outside-is-dropped-however-it-is-sent',
    statement:
      'A signal without a handler that is queued, or sent by tgkill(2) or pidfd_send_signal(2), from an ancestor namespace is dropped by a namespace init as that of kill(2) is.',
    sources: [
      page,
      kernelSource('kernel/signal.c', 'send_signal_locked'),
      kernelSource('kernel/signal.c', 'sig_task_ignored'),
    ],
    tags: ['star', ...tags],
    entries: ['INI-02'],
  },
  {
    script: `clone one CLONE_NEWPID|CLONE_PIDFD { quietly { on USR1 exit 6 }; ready; pause }; await one; sigqueue one TERM 1; sigqueue one 34 1; tgkill one one INT; pidfd-queue $one HUP 1; call pidfd_send_signal $one TSTP 0 0;
      field /proc/@one/status ShdPnd; field /proc/@one/status SigPnd; kill one USR1; wait one WUNTRACED; exit 0`,
    says: {
      main: [
        'sigqueue one TERM 1: 0',
        'sigqueue one 34 1: 0',
        'tgkill one one INT: 0',
        'pidfd-queue $one HUP 1: 0',
        'call pidfd_send_signal $one TSTP 0 0: 0',
        'field /proc/@one/status ShdPnd: 0000000000000000',
        'field /proc/@one/status SigPnd: 0000000000000000',
        'kill one USR1: 0',
        'wait one: exit 6',
      ],
      one: ['signal USR1: SI_USER from 0'],
    },
  },
  [
    { what: 'it is no init', replace: ['CLONE_NEWPID|CLONE_PIDFD', 'CLONE_PIDFD'] },
    { what: 'one is SIGKILL', replace: ['one one INT', 'one one KILL'] },
  ],
);

tells(
  {
    id: 'pidns.init.sigkill-that-names-no-sender-is-dropped',
    statement:
      'SIGKILL that is queued from an ancestor namespace with SI_TIMER or SI_SIGIO, which go without a si_pid, does not end a namespace init.',
    sources: [
      kernelSource('kernel/signal.c', 'has_si_pid_and_uid'),
      kernelSource('kernel/signal.c', 'send_signal_locked'),
    ],
    tags,
    entries: ['INI-03'],
  },
  {
    script: `clone one CLONE_NEWPID { quietly { on USR1 exit 6 }; ready; pause }; await one; sigqueue one KILL 1 SI_TIMER; sigqueue one KILL 1 -5; kill one USR1; wait one; exit 0`,
    says: {
      main: ['sigqueue one KILL 1 SI_TIMER: 0', 'sigqueue one KILL 1 -5: 0', 'kill one USR1: 0', 'wait one: exit 6'],
    },
  },
  [
    { what: 'it is SI_QUEUE', replace: ['KILL 1 SI_TIMER', 'KILL 1 SI_QUEUE'] },
    { what: 'it is no init', replace: ['clone one CLONE_NEWPID', 'clone one 0'] },
  ],
);

spec(
  {
    id: 'pidns.init.ignored-signals-are-dropped-alike',
    statement: 'For an init SIG_IGN is the same as SIG_DFL: signals from inside and from the host are dropped.',
    sources: [page, ignored],
    tags,
    entries: ['INI-05'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor('ignore TERM; fork member { kill init TERM; exit 0 }; wait member; ready; pause'),
    );
    await init.ready();
    await init.signal('TERM');
    const sent = signalsTo(await init.kernelTrace(), init.hostPid).filter(({ sig }) => sig === 15);
    expect(sent.map(({ res }) => res)).toEqual([signalResult.ignored, signalResult.ignored]);
    expect(init.alive).toBe(true);
  },
  [{ what: 'it has a handler', replace: ['ignore TERM', 'on TERM'] }],
);

tells(
  {
    id: 'pidns.init.handler-takes-signals-from-inside',
    statement: 'With a handler, an init takes a signal of a member, and sees its pid in the namespace.',
    sources: [page, ignored],
    tags,
    entries: ['INI-04', 'INF-04'],
  },
  {
    as: 'init',
    script: 'quietly { on TERM }; fork member { await go; kill init TERM; exit 0 }; open go; wait member; exit 0',
    says: { main: ['signal TERM: SI_USER from member', 'wait member: exit 0'], member: ['kill init TERM: 0'] },
  },
  [{ what: 'it has no handler', replace: ['on TERM', 'default TERM'] }],
);

spec(
  {
    id: 'pidns.init.handler-takes-signals-from-outside',
    statement: 'With a handler, an init takes a signal from the host, and sees si_pid 0.',
    sources: [page, kernelSource('kernel/signal.c', 'send_signal_locked')],
    tags: ['star', ...tags],
    entries: ['INI-04', 'INF-04'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(actor('on TERM exit 3; ready; pause'));
    await init.ready();
    await init.signal('TERM');
    expect(await init.finished()).toEqual({ by: 'exit', code: 3 });
    expect(init.transcript().at(-1)).toBe('signal TERM: SI_USER from 0');
  },
  [{ what: 'it sends it to itself', replace: ['ready; pause', 'kill self TERM'] }],
);

tells(
  {
    id: 'pidns.init.unblocking-a-default-signal-drops-it',
    statement:
      'A blocked signal without handler that an init has pending is dropped when it is unblocked; the init goes on.',
    sources: [page, delivery],
    tags,
    entries: ['INI-06'],
  },
  {
    as: 'init',
    script:
      'quietly { block TERM KILL INT 40; kill self TERM; kill self INT; kill self 40 }; pending; unblock TERM INT 40; pending; exit 77',
    ends: { by: 'exit', code: 77 },
    says: { main: ['pending: INT TERM 40', 'unblock TERM INT 40: 0', 'pending: none'] },
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

tells(
  {
    id: 'pidns.init.dropped-signals-interrupt-nothing',
    statement: 'A signal that is dropped does not interrupt a system call of the init: its wait goes on.',
    sources: [page, kernelSource('kernel/signal.c', 'prepare_signal')],
    tags,
    entries: ['INI-07', 'INT-05'],
  },
  {
    as: 'init',
    script:
      'fork member { quietly { until S init; kill init TERM; kill init INT; kill init 40 }; until S init; exit 5 }; wait-raw member; exit 0',
    says: { main: ['wait-raw member: 0x500'], member: ['until S init: S'] },
  },
  [{ what: 'it has a handler', replace: ['fork member', 'on TERM; fork member'] }],
);

for (const signal of ['KILL', 'TERM', 'STOP', 'ABRT', 'SEGV']) {
  tells(
    {
      id: `pidns.init.own-sig${signal.toLowerCase()}-is-dropped`,
      statement: `An init that sends SIG${signal} to itself lives on.`,
      sources: [page, ignored],
      tags,
      entries: ['INI-08'],
    },
    {
      as: 'init',
      script: `kill self ${signal}; tgkill self tid ${signal}; exit 77`,
      ends: { by: 'exit', code: 77 },
      says: { main: [`kill self ${signal}: 0`, `tgkill self tid ${signal}: 0`] },
    },
    [
      signal === 'STOP'
        ? { what: 'it has no such luck with a handler', replace: ['kill self STOP;', 'on TERM; kill self TERM;'] }
        : { what: 'it is no init', namespace: 'none' },
    ],
  );
}

tells(
  {
    id: 'pidns.init.sigpipe-does-not-end-it',
    statement: 'An init that writes to a pipe nobody reads gets EPIPE, and goes on: SIGPIPE is dropped.',
    sources: [man('pipe(7)'), ignored],
    tags: ['star', ...tags],
    entries: ['INI-10'],
  },
  {
    as: 'init',
    script: 'broken-pipe; exit 70',
    ends: { by: 'exit', code: 70 },
    says: { main: ['broken-pipe: EPIPE'] },
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

tells(
  {
    id: 'pidns.init.alarm-does-not-end-it',
    statement: 'A timer that sends SIGALRM to an init without handler does nothing.',
    sources: [man('setitimer(2)'), ignored],
    tags,
    entries: ['INI-11'],
  },
  {
    as: 'init',
    script: 'itimer 5; itimer-end; exit 71',
    ends: { by: 'exit', code: 71 },
    says: { main: ['itimer 5: 0', 'itimer-end: 0'] },
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

for (const { name, does, signal } of [
  { name: 'segmentation-fault', does: 'crash', signal: 'SIGSEGV' },
  { name: 'illegal-instruction', does: 'fault ud2', signal: 'SIGILL' },
  { name: 'division-by-zero', does: 'fault divide', signal: 'SIGFPE' },
]) {
  tells(
    {
      id: `pidns.init.${name}-ends-it`,
      statement: `A ${name.replaceAll('-', ' ')} of an init ends it by ${signal}: the protection is lifted for faults.`,
      sources: [page, forced],
      tags: ['star', 'fault', ...tags],
      entries: ['INI-12'],
    },
    {
      as: 'init',
      script: `quietly { limit RLIMIT_CORE 0 }; ${does}; exit 77`,
      ends: { by: 'signal', signal, core: false },
      says: { main: [] },
    },
    [{ what: 'the signal is only sent', replace: [does, `kill self ${signal.slice(3)}`] }],
  );
}

tells(
  {
    id: 'pidns.init.cpu-limit-ends-it',
    statement: 'The hard RLIMIT_CPU ends an init by SIGKILL, while the SIGXCPU of the soft limit is dropped.',
    sources: [
      man('setrlimit(2)', 'RLIMIT_CPU'),
      kernelSource('kernel/time/posix-cpu-timers.c', 'check_process_timers'),
    ],
    tags,
    entries: ['INI-13'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID }; fork one { quietly { limit RLIMIT_CPU 1 2; cpu-ms 1300 }; say survived; quietly { cpu-ms 60000 }; exit 1 }; wait one; exit 0`,
    says: { main: ['wait one: SIGKILL'] },
  },
  [
    {
      what: 'the limit is far away',
      replace: [
        'limit RLIMIT_CPU 1 2; cpu-ms 1300 }; say survived; quietly { cpu-ms 60000 }',
        'limit RLIMIT_CPU 60 70; cpu-ms 10 }; say survived; quietly { cpu-ms 20 }',
      ],
    },
  ],
);

tells(
  {
    id: 'pidns.init.seccomp-kill-process-ends-it',
    statement: 'A seccomp filter that kills the process ends an init by SIGSYS, handler and mask or not.',
    sources: [man('seccomp(2)', 'SECCOMP_RET_KILL_PROCESS'), forced],
    tags: ['seccomp', ...tags],
    entries: ['INI-14', 'SIG-16'],
  },
  {
    as: 'init',
    script: 'quietly { limit RLIMIT_CORE 0; on SYS exit 3; block SYS; seccomp getppid kill }; call getppid; exit 77',
    ends: { by: 'signal', signal: 'SIGSYS', core: false },
    says: { main: [] },
  },
  [{ what: 'it is trapped instead', replace: ['block SYS; seccomp getppid kill', 'seccomp getppid trap'] }],
);

tells(
  {
    id: 'pidns.init.seccomp-trap-without-handler-ends-it',
    statement: 'A seccomp filter that traps ends an init without a SIGSYS handler.',
    sources: [man('seccomp(2)', 'SECCOMP_RET_TRAP'), forced],
    tags: ['seccomp', ...tags],
    entries: ['INI-14'],
  },
  {
    as: 'init',
    script: 'quietly { limit RLIMIT_CORE 0; seccomp getppid trap }; call getppid; exit 77',
    ends: { by: 'signal', signal: 'SIGSYS', core: false },
    says: { main: [] },
  },
  [{ what: 'it has a handler', replace: ['seccomp getppid trap', 'on SYS exit 3; seccomp getppid trap'] }],
);

tells(
  {
    id: 'pidns.init.protection-survives-exec',
    statement: 'The protection of an init survives execve(2).',
    sources: [page, kernelSource('fs/exec.c', 'begin_new_exec')],
    tags,
    entries: ['INI-15'],
  },
  {
    as: 'init',
    script:
      'exec-actor { kill self KILL; fork member { kill init KILL; kill init TERM; exit 0 }; wait member; exit 77 }',
    ends: { by: 'exit', code: 77 },
    says: { main: ['kill self KILL: 0', 'wait member: exit 0'], member: ['kill init KILL: 0', 'kill init TERM: 0'] },
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

tells(
  {
    id: 'pidns.init.protection-is-not-inherited',
    statement: 'The children of an init are not protected: SIGTERM and SIGKILL end them.',
    sources: [page, kernelSource('kernel/fork.c', 'copy_signal')],
    tags,
    entries: ['INI-15'],
  },
  {
    as: 'init',
    script: 'fork a { pause }; kill a TERM; wait a; fork b { kill self KILL; exit 5 }; wait b; exit 0',
    says: { main: ['kill a TERM: 0', 'wait a: SIGTERM', 'wait b: SIGKILL'] },
  },
  [
    {
      what: 'it is ignored',
      replace: ['fork a { pause }; kill a TERM;', 'fork a { ignore TERM; open i; exit 4 }; await i; kill a TERM;'],
    },
  ],
);

tells(
  {
    id: 'pidns.init.last-thread-is-the-init',
    statement:
      'When the main thread of an init ends, the namespace lives on: getpid() is still 1, and the other thread reaps.',
    sources: [kernelSource('kernel/exit.c', 'find_child_reaper'), page],
    tags: ['thread', ...tags],
    entries: ['INI-17', 'ZAP-08'],
  },
  {
    as: 'init',
    script: `thread other { until Z self; call getpid; fork middle { fork orphan { quietly { call getppid > p; until Z- $p }; parent; exit 4 }; exit 0 }; wait middle; wait any; exit 9 }; exit-thread 3`,
    ends: { by: 'exit', code: 9 },
    says: {
      other: ['until Z self: Z', 'call getpid: 1', 'wait middle: exit 0', 'wait: exit 4'],
      orphan: ['parent: 1'],
    },
  },
  [{ what: 'the thread ends, too', replace: ['until Z self; call getpid;', 'until Z self; exit 8; call getpid;'] }],
);

tells(
  {
    id: 'pidns.init.re-raised-signal-is-dropped',
    statement:
      'A SA_RESETHAND handler that raises its signal again ends a process, but leaves an init alive, deaf to it from then on.',
    sources: [man('sigaction(2)', 'SA_RESETHAND'), ignored, delivery],
    tags: ['star', ...tags],
    entries: ['INI-18'],
  },
  {
    as: 'init',
    script: 'quietly { on TERM resethand raise }; kill self TERM; disposition TERM; kill self TERM; exit 77',
    ends: { by: 'exit', code: 77 },
    says: {
      main: ['signal TERM: SI_USER from self', 'kill self TERM: 0', 'disposition TERM: default', 'kill self TERM: 0'],
    },
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

tells(
  {
    id: 'pidns.init.abort-ends-as-sigsegv',
    statement:
      'abort(3) in an init ends with SIGSEGV: SIGABRT is dropped, and the C library then executes a privileged instruction.',
    sources: [man('abort(3)'), ignored, forced],
    tags,
    entries: ['INI-09'],
  },
  {
    as: 'init',
    script: 'quietly { limit RLIMIT_CORE 0 }; abort',
    ends: { by: 'signal', signal: 'SIGSEGV', core: false },
    says: { main: [] },
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

tells(
  {
    id: 'pidns.init.may-not-use-clone-parent',
    statement: 'An init may not clone with CLONE_PARENT: EINVAL; its children may.',
    sources: [man('clone(2)', 'ERRORS'), kernelSource('kernel/fork.c', 'copy_process')],
    tags,
    entries: ['FEX-10'],
  },
  {
    as: 'init',
    script:
      'clone sibling CLONE_PARENT exit 0 { exit 0 }; fork member { clone sibling CLONE_PARENT exit 0 { exit 6 }; exit 0 }; quietly { reap }; exit 0',
    says: { main: ['clone sibling CLONE_PARENT exit 0: EINVAL'], member: [] },
  },
  [{ what: 'it is no init', namespace: 'none' }],
);
