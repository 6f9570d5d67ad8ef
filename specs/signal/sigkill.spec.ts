/** SIGKILL against whatever else happens. (kernel/signal.c complete_signal()) */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['send'];

tells(
  {
    id: 'signal.send.sigkill-beats-a-fork-storm',
    statement:
      'One SIGKILL to a process group ends all of a fork storm: a fork that meets a pending signal is restarted, no child escapes.',
    sources: [man('fork(2)'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['group', ...tags],
    entries: ['KIL-13', 'INT-07'],
  },
  {
    as: 'init',
    script: `fork storm { setpgid; quietly { fork twin { quietly { repeat 100000 { fork leaf { exit 0 }; wait leaf } } }; fork more { quietly { repeat 100000 { fork leaf { exit 0 }; wait leaf } } } ; open storming; repeat 100000 { fork leaf { exit 0 }; wait leaf } } };
      await storming; call kill -storm KILL; quietly { reap }; exit 0`,
    says: { main: ['call kill -storm KILL: 0'] },
  },
  [
    {
      what: 'a part of it has a group of its own, and never ends',
      replace: [
        'fork twin { quietly { repeat 100000 { fork leaf { exit 0 }; wait leaf } } };',
        'fork twin { setpgid; open apart; pause }; await apart;',
      ],
    },
  ],
);

tells(
  {
    id: 'signal.send.sigkill-wins',
    statement: 'SIGKILL sent to oneself never returns, and wins over whatever else is pending.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags,
    entries: ['KIL-15'],
  },
  {
    script: `fork child { quietly { block all; kill self TERM; kill self SEGV; kill self 34 }; kill self KILL; say alive }; wait child; exit 0`,
    says: { main: ['wait child: SIGKILL'], child: [] },
  },
  [{ what: 'it is SIGINT', replace: ['kill self KILL', 'unblock INT; kill self INT'] }],
);

tells(
  {
    id: 'signal.send.sigkill-wins-over-what-a-stopped-process-has-pending',
    statement:
      'SIGKILL ends a stopped process before all that is pending for it and not blocked: a lower number, a caught signal, one of its thread alone.',
    sources: [
      man('signal(7)'),
      kernelSource('kernel/signal.c', 'complete_signal'),
      kernelSource('kernel/signal.c', 'get_signal'),
    ],
    tags,
    entries: ['KIL-15'],
  },
  {
    script: `fork child { quietly { limit RLIMIT_CORE 0; on USR1; on INT exit 4 }; ready; pause }; await child; kill child STOP; wait child WUNTRACED;
      kill child HUP; kill child INT; kill child USR1; tgkill child child SEGV; kill child KILL; wait child; exit 0`,
    says: {
      main: [
        'kill child STOP: 0',
        'wait child: stopped by SIGSTOP',
        'kill child HUP: 0',
        'kill child INT: 0',
        'kill child USR1: 0',
        'tgkill child child SEGV: 0',
        'kill child KILL: 0',
        'wait child: SIGKILL',
      ],
      child: [],
    },
  },
  [{ what: 'it is continued before', replace: ['kill child KILL; wait child', 'kill child CONT; wait child'] }],
);
