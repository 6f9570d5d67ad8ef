/**
 * Calls that block: what a handler makes of them, and what a stop does. signal(7), "Interruption of system calls and library
 * functions by signal handlers" and "… by stop signals".
 *
 * A helper sends its signal when /proc/PID/syscall shows that the main process sleeps in the very call. That a call was
 * restarted is proved by letting it complete after the handler has run.
 */
import { actor, kernelSource, man, spec } from '../../src/harness/index.ts';

/** A call of the main actor, and the statements around it. */
interface BlockingCall {
  /** Part of the id of its claims. */
  readonly id: string;
  /** Its name in a sentence. */
  readonly called: string;
  /** Statements of the main actor before. */
  readonly setup: string;
  /** What the helper has to do before the call is made. */
  readonly held?: string;
  /** The statement, such as `enter read $p`. */
  readonly statement: string;
  /** The name of the system call itself, for `until-in`. */
  readonly number: string;
  /** Statements of the helper that let it complete; they do no harm when the call has already failed. */
  readonly finish: string;
  /** How it then completes. */
  readonly result: string;
}

const call = (
  id: string,
  number: string,
  setup: string,
  statement: string,
  finish: string,
  result: string,
  held?: string,
): BlockingCall => ({
  id,
  called: id.replaceAll('-', ' '),
  setup,
  statement,
  number,
  finish,
  result,
  ...(held !== undefined && { held }),
});

const victim = 'fork victim { pdeathsig KILL; pause }';

/** signal(7): those that SA_RESTART restarts. */
const restartable: readonly BlockingCall[] = [
  call('read-pipe', 'read', 'channel pipe p', 'enter read $p', 'enter write $p-w 3', 'xxx'),
  call('write-pipe', 'write', 'channel full-pipe p', 'enter write $p-w 5', 'enter read $p', '5'),
  call('read-eventfd', 'read', 'channel eventfd e', 'enter read $e', 'enter write $e 8', 'xxxxxxxx'),
  call('read-inotify', 'read', 'channel inotify i', 'enter read $i', 'read /proc/self/exe', '16 bytes'),
  call('read-signalfd', 'read', 'block USR2; signalfd -1 0 USR2 > s', 'enter read $s', 'kill parent USR2', '128 bytes'),
  call(
    'open-fifo',
    'openat',
    'mkfifo /tmp/kernspec-fifo',
    'enter open /tmp/kernspec-fifo O_RDONLY',
    // Open, and under its name, until the other has found it again.
    'enter open /tmp/kernspec-fifo O_RDWR; until-in wait4 parent; unlink /tmp/kernspec-fifo',
    'open',
  ),
  call('recv', 'recvfrom', 'channel socket p', 'enter recv $p', 'enter send $p-w 4', 'xxxx'),
  call('send', 'sendto', 'channel full-socket p', 'enter send $p-w 5', 'enter recv $p', '5'),
  call(
    'accept',
    'accept4',
    'channel listener l',
    'enter accept $l',
    'channel client c; enter connect $c $l',
    'a connection',
  ),
  call(
    'connect',
    'connect',
    'channel full-listener l; channel client c',
    'enter connect $c $l',
    'enter accept $l',
    '0',
  ),
  call('wait4', 'wait4', victim, 'enter wait4 victim', 'kill victim KILL', 'SIGKILL'),
  call('waitid', 'waitid', victim, 'enter waitid victim', 'kill victim KILL', 'CLD_KILLED 9 from victim'),
  call('futex', 'futex', '', 'enter futex word', 'until-in futex,wait4 parent; open word', '0'),
  call(
    'flock',
    'flock',
    'channel file f',
    'enter flock $f',
    '',
    '0',
    'open-file /proc/self/fd/@$f O_RDWR > g; enter flock $g',
  ),
  call('fcntl-setlkw', 'fcntl', 'channel file f', 'enter setlkw $f', '', '0', 'enter setlkw $f'),
  call(
    'fcntl-ofd-setlkw',
    'fcntl',
    'channel file f',
    'enter ofd-setlkw $f',
    '',
    '0',
    'open-file /proc/self/fd/@$f O_RDWR > g; enter ofd-setlkw $g',
  ),
  call('mq-receive', 'mq_timedreceive', 'channel mqueue q', 'enter mq_receive $q', 'enter mq_send $q', 'queued'),
  call(
    'mq-timedreceive',
    'mq_timedreceive',
    'channel mqueue q',
    'enter mq_timedreceive $q',
    'enter mq_send $q',
    'queued',
  ),
  call(
    'mq-send',
    'mq_timedsend',
    'channel mqueue q; quietly { enter mq_send $q }',
    'enter mq_send $q',
    'enter mq_receive $q',
    '0',
  ),
];

const ipc = 'call unshare CLONE_NEWIPC';

/** Those that are never restarted after a handler, but go on after a stop. */
const restartedAfterStop: readonly BlockingCall[] = [
  call('poll', 'poll', 'channel pipe p', 'enter poll $p', 'enter write $p-w 3', 'in'),
  call('ppoll', 'ppoll', 'channel pipe p', 'enter ppoll $p', 'enter write $p-w 3', 'in'),
  call('select', 'select', 'channel pipe p', 'enter select $p', 'enter write $p-w 3', 'in'),
  call('pselect6', 'pselect6', 'channel pipe p', 'enter pselect6 $p', 'enter write $p-w 3', 'in'),
  call(
    'futex-timed',
    'futex',
    '',
    'enter futex-timed word',
    'until-in futex,restart_syscall,wait4 parent; open word',
    '0',
  ),
  call(
    'futex-until',
    'futex',
    '',
    'enter futex-until word',
    'until-in futex,restart_syscall,wait4 parent; open word',
    '0',
  ),
  call('msgrcv', 'msgrcv', `${ipc}; channel messages q`, 'enter msgrcv $q', 'enter msgsnd $q', 'm'),
];

/** Those that fail with EINTR even after a stop. */
const neverRestarted: readonly BlockingCall[] = [
  call(
    'epoll-wait',
    'epoll_wait',
    'channel pipe p; channel epoll e $p',
    'enter epoll_wait $e',
    'enter write $p-w 3',
    'in',
  ),
  call(
    'epoll-pwait',
    'epoll_pwait',
    'channel pipe p; channel epoll e $p',
    'enter epoll_pwait $e',
    'enter write $p-w 3',
    'in',
  ),
  call('semop', 'semop', `${ipc}; channel semaphore s`, 'enter semop $s -1', 'enter semop $s 1', '0'),
  call('semtimedop', 'semtimedop', `${ipc}; channel semaphore s`, 'enter semtimedop $s -1', 'enter semop $s 1', '0'),
  call('sigtimedwait', 'rt_sigtimedwait', 'block USR2', 'enter sigtimedwait USR2', 'kill parent USR2', 'USR2'),
  call('sigwaitinfo', 'rt_sigtimedwait', 'block USR2', 'sigwait USR2', 'kill parent USR2', 'USR2 SI_USER from helper'),
  call('recv-with-timeout', 'recvfrom', 'channel socket p; impatient $p', 'enter recv $p', 'enter send $p-w 4', 'xxxx'),
  call(
    'send-with-timeout',
    'sendto',
    'channel full-socket p; impatient $p-w',
    'enter send $p-w 5',
    'enter recv $p',
    '5',
  ),
  call(
    'accept-with-timeout',
    'accept4',
    'channel listener l; impatient $l',
    'enter accept $l',
    'channel client c; enter connect $c $l',
    'a connection',
  ),
  call(
    'connect-with-timeout',
    'connect',
    'channel full-listener l; channel client c; impatient $c',
    'enter connect $c $l',
    'enter accept $l',
    '0',
  ),
];

/** One that only a signal ends, too, but that does not go on after a stop. */
const getevents = {
  id: 'io-getevents',
  called: 'io_getevents',
  setup: 'channel aio a',
  statement: 'enter io_getevents $a',
  number: 'io_getevents',
};

/** Those that only a signal ends, and the clock after a very long time. `number` is what a restart shows up as. */
const onlyInterrupted: readonly (Omit<BlockingCall, 'finish' | 'result'> & { readonly again: string })[] = [
  { id: 'pause', called: 'pause', setup: '', statement: 'enter pause', number: 'pause', again: 'pause' },
  {
    id: 'sigsuspend',
    called: 'sigsuspend',
    setup: '',
    statement: 'suspend',
    number: 'rt_sigsuspend',
    again: 'rt_sigsuspend',
  },
  {
    id: 'nanosleep',
    called: 'nanosleep',
    setup: '',
    statement: 'enter nanosleep 1000000',
    number: 'nanosleep',
    again: 'restart_syscall',
  },
  {
    id: 'clock-nanosleep',
    called: 'clock_nanosleep',
    setup: '',
    statement: 'enter clock_nanosleep 1000000',
    number: 'clock_nanosleep',
    again: 'restart_syscall',
  },
  {
    id: 'clock-nanosleep-absolute',
    called: 'clock_nanosleep with TIMER_ABSTIME',
    setup: '',
    statement: 'enter clock_nanosleep-absolute 1000000',
    number: 'clock_nanosleep',
    again: 'clock_nanosleep',
  },
  {
    id: 'io-pgetevents',
    called: 'io_pgetevents',
    setup: 'channel aio a',
    statement: 'enter io_pgetevents $a',
    number: 'io_pgetevents',
    again: 'io_pgetevents',
  },
];

const byHandlers = man('signal(7)', 'Interruption of system calls and library functions by signal handlers');
const byStops = man('signal(7)', 'Interruption of system calls and library functions by stop signals');
const restartSource = kernelSource('arch/x86/kernel/signal.c', 'handle_signal');
const statements = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join('; ');

/** The call is made while the helper watches; `act` is what it does when it sees the main process sleep in it. */
const scene = (
  on: string,
  { setup, held, statement, number }: Omit<BlockingCall, 'finish' | 'result'>,
  ...act: readonly string[]
): string =>
  statements(
    on,
    setup,
    // Quietly: to tell of the fork, it would be in write(2), too.
    `quietly { fork helper { ${statements('pdeathsig KILL', held, held && 'open held', `until-in ${number} parent`, ...act)} } }`,
    held && 'await held',
    statement,
    'wait helper',
    'exit 0',
  );

/** The lines of a transcript about handlers and about the call. */
const story = (transcript: readonly string[], statement: string): readonly string[] =>
  transcript.filter((line) => line.startsWith('signal ') || line.startsWith(`${statement}: `));

const ended = { by: 'exit', code: 0 };
const handled = 'signal USR1: SI_USER from helper';
const interrupt = 'kill parent USR1; await handled';
const stop = 'kill parent STOP; until T parent; kill parent CONT';
const on = 'on USR1 opens handled';
const onRestart = 'on USR1 restart opens handled';

for (const blocking of restartable) {
  spec(
    {
      id: `signal.interrupt.${blocking.id}-fails-with-eintr`,
      statement: `A handler that was installed without SA_RESTART makes a blocked ${blocking.called} fail with EINTR.`,
      sources: [byHandlers, restartSource],
      tags: ['interrupt'],
      entries: [blocking.id === 'read-pipe' ? 'INT-01' : 'INT-02'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(scene(on, blocking, interrupt, blocking.finish)));
      expect(await fixture.finished()).toEqual(ended);
      expect(story(fixture.transcript(), blocking.statement)).toEqual([handled, `${blocking.statement}: EINTR`]);
    },
    [{ what: 'the handler has SA_RESTART', replace: [on, onRestart] }],
  );

  spec(
    {
      id: `signal.interrupt.${blocking.id}-restarts-with-sa-restart`,
      statement: `After a handler that was installed with SA_RESTART, a blocked ${blocking.called} goes on and completes.`,
      sources: [byHandlers, restartSource],
      tags: ['interrupt'],
      entries: [blocking.id === 'read-pipe' ? 'INT-01' : 'INT-02'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(scene(onRestart, blocking, interrupt, blocking.finish)));
      expect(await fixture.finished()).toEqual(ended);
      expect(story(fixture.transcript(), blocking.statement)).toEqual([
        handled,
        `${blocking.statement}: ${blocking.result}`,
      ]);
    },
    [{ what: 'the handler lacks SA_RESTART', replace: [onRestart, on] }],
  );
}

for (const blocking of [...restartedAfterStop, ...neverRestarted])
  spec(
    {
      id: `signal.interrupt.${blocking.id}-never-restarts`,
      statement: `A handler makes a blocked ${blocking.called} fail with EINTR even when it was installed with SA_RESTART.`,
      sources: [byHandlers, restartSource],
      tags: ['interrupt'],
      entries: [/^(msg|sem)/.test(blocking.id) ? 'INT-09' : 'INT-03'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(scene(onRestart, blocking, interrupt, blocking.finish)));
      expect(await fixture.finished()).toEqual(ended);
      expect(story(fixture.transcript(), blocking.statement)).toEqual([handled, `${blocking.statement}: EINTR`]);
    },
    [{ what: 'it completes without a signal', replace: [`${interrupt}; `, ''] }],
  );

for (const blocking of [...onlyInterrupted, getevents])
  spec(
    {
      id: `signal.interrupt.${blocking.id}-never-restarts`,
      statement: `A handler makes a blocked ${blocking.called} fail with EINTR even when it was installed with SA_RESTART.`,
      sources: [byHandlers, restartSource],
      tags: ['interrupt'],
      entries: [blocking.id.startsWith('io') ? 'INT-09' : 'INT-03'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(scene(onRestart, blocking, interrupt)));
      expect(await fixture.finished()).toEqual(ended);
      expect(story(fixture.transcript(), blocking.statement)).toEqual([handled, `${blocking.statement}: EINTR`]);
    },
    [{ what: 'the signal kills', replace: [interrupt, 'kill parent KILL'] }],
  );

for (const blocking of [...restartable, ...restartedAfterStop])
  spec(
    {
      id: `signal.stop.${blocking.id}-goes-on`,
      statement: `A blocked ${blocking.called} goes on after SIGSTOP and SIGCONT, and completes.`,
      sources: [byStops, kernelSource('arch/x86/kernel/signal.c', 'arch_do_signal_or_restart')],
      tags: ['interrupt', 'stop'],
      entries: ['INT-04'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(scene('default CONT', blocking, stop, blocking.finish)));
      expect(await fixture.finished()).toEqual(ended);
      expect(story(fixture.transcript(), blocking.statement)).toEqual([`${blocking.statement}: ${blocking.result}`]);
      expect(fixture.transcript('helper')).toContain('until T parent: T');
    },
    [{ what: 'SIGCONT has a handler', replace: ['default CONT', 'on CONT'] }],
  );

for (const blocking of onlyInterrupted)
  spec(
    {
      id: `signal.stop.${blocking.id}-goes-on`,
      statement: `A process that is stopped in ${blocking.called} sleeps in it again after SIGCONT${blocking.again === 'restart_syscall' ? ', by restart_syscall(2)' : ''}.`,
      sources: [byStops, kernelSource('arch/x86/kernel/signal.c', 'arch_do_signal_or_restart')],
      tags: ['interrupt', 'stop'],
      entries: ['INT-04'],
    },
    async ({ guest, expect }) => {
      const look = `until-in ${blocking.again},wait4 parent`;
      const fixture = await guest.process(
        actor(scene(statements('default CONT', on), blocking, stop, look, 'kill parent USR1')),
      );
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript('helper')).toContain(`${look}: ${blocking.again}`);
      expect(story(fixture.transcript(), blocking.statement)).toEqual([handled, `${blocking.statement}: EINTR`]);
    },
    [{ what: 'SIGCONT has a handler', replace: ['default CONT', 'on CONT'] }],
  );

for (const blocking of neverRestarted)
  spec(
    {
      id: `signal.stop.${blocking.id}-fails-with-eintr`,
      statement: `A blocked ${blocking.called} fails with EINTR after SIGSTOP and SIGCONT, although no handler ran.`,
      sources: [byStops],
      tags: ['interrupt', 'stop'],
      entries: ['INT-04'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(scene('default CONT', blocking, stop, blocking.finish)));
      expect(await fixture.finished()).toEqual(ended);
      expect(story(fixture.transcript(), blocking.statement)).toEqual([`${blocking.statement}: EINTR`]);
    },
    [{ what: 'it is not stopped', replace: [`${stop}; `, ''] }],
  );

spec(
  {
    id: 'signal.stop.io-getevents-fails-with-eintr',
    statement: 'A blocked io_getevents fails with EINTR after SIGSTOP and SIGCONT, although no handler ran.',
    sources: [byStops, kernelSource('fs/aio.c', 'io_getevents')],
    tags: ['interrupt', 'stop'],
    entries: ['INT-04', 'INT-09'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(actor(scene('default CONT', getevents, stop)));
    expect(await fixture.finished()).toEqual(ended);
    expect(story(fixture.transcript(), getevents.statement)).toEqual([`${getevents.statement}: EINTR`]);
  },
  [{ what: 'it is killed', replace: [stop, 'kill parent KILL'] }],
);

for (const { id, what, prepare, signals } of [
  {
    id: 'ignored',
    what: 'Signals that are ignored',
    prepare: 'ignore USR1 TERM CHLD CONT 34',
    signals: ['USR1', 'TERM', 'CHLD', 'CONT', '34'],
  },
  {
    id: 'default-ignored',
    what: 'Signals whose default action is to ignore them',
    prepare: 'default CHLD WINCH URG CONT',
    signals: ['CHLD', 'WINCH', 'URG', 'CONT'],
  },
  {
    id: 'blocked',
    what: 'Signals that are blocked',
    prepare: 'on USR1; block USR1 TERM 34',
    signals: ['USR1', 'TERM', '34'],
  },
]) {
  const sent = signals.map((signal) => `kill parent ${signal}`).join('; ');
  const poll = call('epoll-wait', 'epoll_wait', 'channel pipe p; channel epoll e $p', 'enter epoll_wait $e', '', 'in');
  spec(
    {
      id: `signal.interrupt.${id}-signals-do-not`,
      statement: `${what} do not interrupt a blocked epoll_wait, which any other signal would end with EINTR.`,
      sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'sig_ignored')],
      tags: ['interrupt'],
      entries: ['INT-05'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(scene(prepare, poll, sent, 'enter write $p-w 3')));
      expect(await fixture.finished()).toEqual(ended);
      expect(story(fixture.transcript(), poll.statement)).toEqual(['enter epoll_wait $e: in']);
      expect(fixture.transcript('helper')).toEqual(
        expect.arrayContaining(signals.map((signal) => `kill parent ${signal}: 0`)),
      );
    },
    [
      {
        what: 'one has a handler',
        replace: [prepare, `${prepare}; on WINCH; on ${signals[0] ?? ''} restart; unblock ${signals[0] ?? ''}`],
      },
    ],
  );
}
