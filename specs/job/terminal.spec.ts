/** What a terminal sends: credentials(7) "Sessions", termios(3), tty_ioctl(4), pty(7). */
import { actor, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const typed = [man('termios(3)', 'ISIG'), kernelSource('drivers/tty/n_tty.c', 'n_tty_receive_signal_char')];
const checked = [man('credentials(7)'), kernelSource('drivers/tty/tty_jobctrl.c', '__tty_check_change')];
const tags = ['job', 'terminal'];

/** A terminal of the actor's own session; whoever is put into the foreground is another process group of it. */
const terminal = 'quietly { pty t; controlling $t.s; ignore TTOU }';

for (const { key, name, signal } of [
  { key: 'C', name: 'Ctrl-C', signal: 'INT' },
  { key: '\\', name: 'Ctrl-backslash', signal: 'QUIT' },
  { key: 'Z', name: 'Ctrl-Z', signal: 'TSTP' },
]) {
  tells(
    {
      id: `job.terminal.${name.toLowerCase()}-reaches-the-foreground-group`,
      statement: `${name} sends SIG${signal} of the kernel (SI_KERNEL) to the foreground process group, and to no other.`,
      sources: typed,
      tags,
      entries: ['JOB-09', 'INF-01'],
    },
    {
      script: `quietly { block ${signal} }; ${terminal}; fork job { quietly { setpgid; default TTOU; on ${signal} exit 5; unblock ${signal} }; open up; pause }; await up;
        quietly { foreground $t.s job }; type $t.m ${key}; wait job; pending; exit 0`,
      says: {
        job: [`signal ${signal}: SI_KERNEL`],
        main: [`type $t.m ${key}: 0`, 'wait job: exit 5', 'pending: none'],
      },
    },
    [
      {
        what: 'the job is in the background',
        replace: ['foreground $t.s job }', 'foreground $t.s self; kill job KILL }'],
      },
    ],
  );
}

tells(
  {
    id: 'job.terminal.namespace-init-by-default-ignores-its-keys',
    statement: 'Ctrl-C and Ctrl-Z do nothing to the init of a pid namespace in the foreground that has no handlers.',
    sources: [man('pid_namespaces(7)'), kernelSource('kernel/signal.c', 'sig_task_ignored')],
    tags: ['star', 'init', ...tags],
    entries: ['JOB-10'],
  },
  {
    script: `${terminal}; quietly { call unshare CLONE_NEWPID }; fork one { quietly { setpgid; default TTOU; on USR1 exit 6 }; open up; pause }; await up;
      quietly { foreground $t.s one }; type $t.m C; type $t.m Z; wait one WNOHANG|WUNTRACED; kill one USR1; wait one; exit 0`,
    says: {
      one: ['signal USR1: SI_USER from 0'],
      main: [
        'type $t.m C: 0',
        'type $t.m Z: 0',
        'wait one WNOHANG|WUNTRACED: 0',
        'kill one USR1: 0',
        'wait one: exit 6',
      ],
    },
  },
  [{ what: 'it is no init', replace: ['quietly { call unshare CLONE_NEWPID }; ', ''] }],
);

tells(
  {
    id: 'job.terminal.namespace-init-with-a-handler-gets-ctrl-c',
    statement:
      'Ctrl-C reaches the init of a pid namespace in the foreground that has a handler for SIGINT, as SI_KERNEL.',
    sources: [man('pid_namespaces(7)'), kernelSource('kernel/signal.c', 'sig_task_ignored')],
    tags: ['star', 'init', ...tags],
    entries: ['JOB-10'],
  },
  {
    script: `${terminal}; quietly { call unshare CLONE_NEWPID }; fork one { quietly { setpgid; default TTOU; on INT exit 7 }; open up; pause }; await up;
      quietly { foreground $t.s one }; type $t.m C; wait one; exit 0`,
    says: { one: ['signal INT: SI_KERNEL'], main: ['type $t.m C: 0', 'wait one: exit 7'] },
  },
  [
    {
      what: 'it is in the background',
      replace: ['foreground $t.s one', 'foreground $t.s self; ignore INT; kill one KILL'],
    },
  ],
);

tells(
  {
    id: 'job.terminal.end-of-the-session-leader-hangs-up-the-foreground',
    statement:
      'When a session leader ends, its foreground process group gets SIGHUP of the kernel; the groups in the background get none.',
    sources: [man('credentials(7)'), kernelSource('drivers/tty/tty_jobctrl.c', 'disassociate_ctty')],
    tags,
    entries: ['JOB-06'],
  },
  {
    script: `quietly { pty t }; fork leader { quietly { setsid; controlling $t.s; ignore TTOU };
        fork fg { quietly { setpgid; on HUP opens hup }; open f; await hup; exit 0 }; await f;
        fork bg { quietly { setpgid; block HUP }; open b; await hup; pending; open seen; exit 0 }; await b; quietly { foreground $t.s fg }; exit 3 };
      wait leader; await seen; exit 0`,
    says: { fg: ['signal HUP: SI_KERNEL'], bg: ['pending: none'], main: ['wait leader: exit 3'] },
  },
  [{ what: 'the other one is in the foreground', replace: ['foreground $t.s fg', 'foreground $t.s bg; open hup'] }],
);

spec(
  {
    id: 'job.terminal.signals-name-no-sender',
    statement:
      'The signals of a terminal name nobody: Ctrl-C, and the SIGHUP at the end of the session leader, have si_code SI_KERNEL and si_pid 0.',
    sources: [man('sigaction(2)', 'SI_KERNEL'), kernelSource('kernel/signal.c', '__send_signal_locked'), ...typed],
    tags: ['siginfo', ...tags],
    entries: ['JOB-06', 'JOB-09'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`quietly { pty t }; fork leader { quietly { setsid; controlling $t.s; ignore TTOU; block INT };
          fork fg { quietly { setpgid; block HUP; on INT opens int; on HUP; unblock INT }; open f; await int; open done; await dead; until-pending HUP; unblock HUP; open over; exit 0 };
          quietly { await f; foreground $t.s fg; type $t.m C; await done }; exit 3 };
        wait leader; open dead; await over; exit 0`),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    const signals = fixture.seen({ ev: 'signal', who: 'fg' });
    expect(signals.map(({ signo, code, si_pid, si_uid }) => [signo, code, si_pid, si_uid])).toEqual([
      [2, 128, 0, 0],
      [1, 128, 0, 0],
    ]);
  },
  [{ what: 'it is sent by hand', replace: ['type $t.m C', 'kill fg INT'] }],
);

tells(
  {
    id: 'job.terminal.hang-up-reaches-the-session-leader',
    statement:
      'When the last descriptor of the master of a pty is closed, the session leader gets SIGHUP and SIGCONT; reading is at its end, writing EIO.',
    sources: [man('pty(7)'), kernelSource('drivers/tty/tty_io.c', '__tty_hangup')],
    tags,
    entries: ['JOB-07'],
  },
  {
    script:
      'quietly { pty t; controlling $t.s; block HUP CONT }; call close $t.m; pending; tty-read $t.s; tty-write $t.s; exit 0',
    says: { main: ['call close $t.m: 0', 'pending: HUP CONT', 'tty-read $t.s: 0', 'tty-write $t.s: EIO'] },
  },
  [{ what: 'it controls nobody', replace: ['controlling $t.s; ', ''] }],
);

tells(
  {
    id: 'job.terminal.reading-in-the-background-stops',
    statement:
      'Reading from the terminal in the background stops the process group by SIGTTIN; for who ignores it, it is EIO.',
    sources: checked,
    tags,
    entries: ['JOB-08'],
  },
  {
    script: `${terminal}; fork job { quietly { setpgid; default TTOU }; tty-read $t.s; exit 5 }; wait job WUNTRACED; quietly { kill job KILL; wait job };
      fork deaf { quietly { setpgid; ignore TTIN }; tty-read $t.s; exit 5 }; wait deaf; exit 0`,
    says: { deaf: ['tty-read $t.s: EIO'], main: ['wait job: stopped by SIGTTIN', 'wait deaf: exit 5'] },
  },
  [{ what: 'the job ignores it', replace: ['default TTOU }; tty-read', 'default TTOU; ignore TTIN }; tty-read'] }],
);

tells(
  {
    id: 'job.terminal.writing-in-the-background-stops-with-tostop',
    statement:
      'With TOSTOP, writing to the terminal in the background stops the process group by SIGTTOU; for who ignores it, it succeeds.',
    sources: checked,
    tags,
    entries: ['JOB-08'],
  },
  {
    script: `${terminal}; quietly { tostop $t.s }; fork job { quietly { setpgid; default TTOU }; tty-write $t.s; exit 5 }; wait job WUNTRACED; quietly { kill job KILL; wait job };
      fork deaf { quietly { setpgid }; tty-write $t.s; exit 5 }; wait deaf; exit 0`,
    says: { deaf: ['tty-write $t.s: 1'], main: ['wait job: stopped by SIGTTOU', 'wait deaf: exit 5'] },
  },
  [{ what: 'without TOSTOP', replace: ['quietly { tostop $t.s }; ', ''] }],
);
