/** What a tracer reads and writes of signals: PTRACE_GETSIGINFO, SETSIGINFO, PEEKSIGINFO, GETSIGMASK, SETSIGMASK. */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const request = (name: string) => [man('ptrace(2)', name), kernelSource('kernel/ptrace.c', 'ptrace_request')];
const tags = ['ptrace'];

/** A seized child does this once it is traced; the tracer has what it stops for. */
const seized = (before: string, does: string, tracer: string): string =>
  `fork child { quietly { ${before} }; await go; ${does}; exit 5 }; quietly { call ptrace PTRACE_SEIZE child 0 0 }; open go; wait child __WALL; ${tracer}; exit 0`;

tells(
  {
    id: 'ptrace.siginfo.is-that-of-the-signal',
    statement: 'PTRACE_GETSIGINFO shows what a tracee has stopped for: code, value, sender.',
    sources: request('PTRACE_GETSIGINFO'),
    tags: ['siginfo', ...tags],
    entries: ['PTR-10'],
  },
  {
    script: seized('on USR1', 'sigqueue self USR1 7', 'stop-info child'),
    says: { main: ['wait child: stopped by SIGUSR1', 'stop-info child: USR1 SI_QUEUE 7 from child'] },
  },
  [{ what: 'it is sent by kill(2)', replace: ['sigqueue self USR1 7', 'kill self USR1'] }],
);

tells(
  {
    id: 'ptrace.siginfo.a-stop-is-told-as-trapped',
    statement:
      'SIGCHLD and waitid(2) tell a tracer of the stop of its tracee as CLD_TRAPPED, with the signal it has stopped for.',
    sources: [
      man('sigaction(2)', 'si_code'),
      kernelSource('kernel/signal.c', 'do_notify_parent_cldstop'),
      kernelSource('kernel/exit.c', 'wait_task_stopped'),
    ],
    tags: ['siginfo', ...tags],
    entries: ['INF-03'],
  },
  {
    script: `quietly { block CHLD }; fork child { await go; kill self USR1; kill self STOP; exit 5 }; quietly { call ptrace PTRACE_SEIZE child 0 0 }; open go;
      sigwait CHLD; waitid P_PID child WSTOPPED|WNOWAIT; waitid P_PID child WSTOPPED; quietly { call ptrace PTRACE_CONT child 0 0 };
      sigwait CHLD; waitid P_PID child WSTOPPED; quietly { call ptrace PTRACE_CONT child 0 0 }; sigwait CHLD; waitid P_PID child WEXITED; exit 0`,
    says: {
      main: [
        'sigwait CHLD: CHLD CLD_TRAPPED 10 from child',
        'waitid P_PID child WSTOPPED|WNOWAIT: CLD_TRAPPED 10 from child',
        'waitid P_PID child WSTOPPED: CLD_TRAPPED 10 from child',
        'sigwait CHLD: CHLD CLD_TRAPPED 19 from child',
        'waitid P_PID child WSTOPPED: CLD_TRAPPED 19 from child',
        'sigwait CHLD: CHLD CLD_EXITED 5 from child',
        'waitid P_PID child WEXITED: CLD_EXITED 5 from child',
      ],
    },
  },
  [{ what: 'another signal', replace: ['kill self USR1', 'kill self USR2'] }],
);

tells(
  {
    id: 'ptrace.siginfo.can-be-changed-before-delivery',
    statement: 'The handler of a tracee gets the siginfo_t that its tracer has put in by PTRACE_SETSIGINFO.',
    sources: request('PTRACE_SETSIGINFO'),
    tags: ['siginfo', ...tags],
    entries: ['PTR-10'],
  },
  {
    script: seized(
      'on USR1',
      'kill self USR1',
      'set-stop-info child USR1 9; quietly { call ptrace PTRACE_CONT child 0 USR1 }; wait child __WALL',
    ),
    says: {
      main: ['wait child: stopped by SIGUSR1', 'set-stop-info child USR1 9: 0', 'wait child: exit 5'],
      child: ['signal USR1: SI_QUEUE 9 from self', 'kill self USR1: 0'],
    },
  },
  [{ what: 'another signal is injected', replace: ['PTRACE_CONT child 0 USR1', 'PTRACE_CONT child 0 0'] }],
);

tells(
  {
    id: 'ptrace.siginfo.queues-can-be-read',
    statement:
      'PTRACE_PEEKSIGINFO lists what is pending for the thread, and with PTRACE_PEEKSIGINFO_SHARED what is for the process, oldest first, and takes nothing away.',
    sources: request('PTRACE_PEEKSIGINFO'),
    tags: ['siginfo', 'pending', ...tags],
    entries: ['PTR-10'],
  },
  {
    script: seized(
      'block USR2 40',
      'sigqueue self 40 1; kill self USR2; tgkill self tid USR2; sigqueue self 40 2; kill self USR1',
      'peek child shared; peek child own; peek child shared; field /proc/@child/status ShdPnd',
    ),
    says: {
      main: [
        'wait child: stopped by SIGUSR1',
        'peek child shared: 40 SI_QUEUE 1 from child, USR2 SI_USER from child, 40 SI_QUEUE 2 from child',
        'peek child own: USR2 SI_TKILL from child',
        'peek child shared: 40 SI_QUEUE 1 from child, USR2 SI_USER from child, 40 SI_QUEUE 2 from child',
        'field /proc/@child/status ShdPnd: 0000008000000800',
      ],
    },
  },
  [{ what: 'USR2 is not blocked', replace: ['block USR2 40', 'block 40; ignore USR2'] }],
);

tells(
  {
    id: 'ptrace.mask.can-be-read-and-set',
    statement:
      'PTRACE_GETSIGMASK reads and PTRACE_SETSIGMASK sets the mask of a tracee; SIGKILL and SIGSTOP stay unblocked.',
    sources: request('PTRACE_SETSIGMASK'),
    tags: ['mask', ...tags],
    entries: ['PTR-10'],
  },
  {
    script: seized(
      'block USR2',
      'kill self USR1',
      'tracee-mask child; set-tracee-mask child HUP KILL STOP; tracee-mask child; quietly { call ptrace PTRACE_CONT child 0 0; wait child __WALL }',
    ).replace('exit 5 }', 'mask; exit 5 }'),
    says: {
      main: [
        'wait child: stopped by SIGUSR1',
        'tracee-mask child: USR2',
        'set-tracee-mask child HUP KILL STOP: 0',
        'tracee-mask child: HUP',
      ],
      child: ['kill self USR1: 0', 'mask: HUP'],
    },
  },
  [{ what: 'it is not set', replace: ['set-tracee-mask child HUP KILL STOP', 'tracee-mask child'] }],
);

tells(
  {
    id: 'ptrace.siginfo.has-the-pids-of-the-tracee',
    statement:
      'To a tracer outside the namespace, PTRACE_GETSIGINFO shows the pids as the tracee calls them: 2 for its first child.',
    sources: [...request('PTRACE_GETSIGINFO'), kernelSource('kernel/signal.c', 'send_signal_locked')],
    tags: ['siginfo', 'pidns', 'container', ...tags],
    entries: ['PTR-11'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID }; fork one { quietly { on TERM }; await go; fork two { quietly { kill parent TERM }; exit 3 }; wait two; exit 0 };
      quietly { call ptrace PTRACE_SEIZE one 0 0 }; open go; wait one __WALL; stop-info one; quietly { call ptrace PTRACE_CONT one 0 0 };
      wait one __WALL; stop-info one; quietly { kill one KILL }; wait one; exit 0`,
    says: {
      main: [
        'wait one: stopped by SIGTERM',
        'stop-info one: TERM SI_USER from 2',
        'wait one: stopped by SIGCHLD',
        'stop-info one: CHLD CLD_EXITED 3 from 2',
        'wait one: SIGKILL',
      ],
    },
  },
  [{ what: 'no namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] }],
);
