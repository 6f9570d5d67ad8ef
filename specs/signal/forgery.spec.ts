/** What a sender may claim about itself: rt_sigqueueinfo(2), rt_tgsigqueueinfo(2). */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['send'];

tells(
  {
    id: 'signal.send.tgsigqueueinfo-forgeries-are-for-oneself',
    statement:
      'rt_tgsigqueueinfo(2) to another thread with a si_code ≥ 0 or SI_TKILL is EPERM; it reaches just the thread it names.',
    sources: [man('rt_sigqueueinfo(2)'), kernelSource('kernel/signal.c', 'do_rt_tgsigqueueinfo')],
    tags: ['siginfo', 'permission', ...tags],
    entries: ['KIL-09'],
  },
  {
    script: `quietly { block USR1 34 }; fork child { pause }; tgsigqueue child child USR1 1 SI_USER; tgsigqueue child child USR1 1 SI_KERNEL;
      tgsigqueue child child USR1 1 SI_TKILL; tgsigqueue child child 34 1; tgsigqueue child self 34 1; tgsigqueue 0 child 34 1;
      tgsigqueue self tid USR1 1 SI_KERNEL; sigpoll USR1; tgsigqueue self tid 34 7; sigpoll 34;
      thread t { sigpoll 34; open looked; await end }; await looked; tgsigqueue self tid 34 8; open end; join t; sigpoll 34; exit 0`,
    says: {
      main: [
        'tgsigqueue child child USR1 1 SI_USER: EPERM',
        'tgsigqueue child child USR1 1 SI_KERNEL: EPERM',
        'tgsigqueue child child USR1 1 SI_TKILL: EPERM',
        'tgsigqueue child child 34 1: 0',
        'tgsigqueue child self 34 1: ESRCH',
        'tgsigqueue 0 child 34 1: EINVAL',
        'tgsigqueue self tid USR1 1 SI_KERNEL: 0',
        'sigpoll USR1: USR1 SI_KERNEL',
        'tgsigqueue self tid 34 7: 0',
        'sigpoll 34: 34 SI_QUEUE 7 from self',
        'tgsigqueue self tid 34 8: 0',
        'join t: 0',
        'sigpoll 34: 34 SI_QUEUE 8 from self',
      ],
      t: ['sigpoll 34: EAGAIN'],
    },
  },
  [
    {
      what: 'it is sent to oneself',
      replace: ['tgsigqueue child child USR1 1 SI_USER', 'tgsigqueue self tid USR1 1 SI_USER'],
    },
  ],
);

tells(
  {
    id: 'signal.send.sigqueueinfo-forgeries-are-for-oneself',
    statement:
      'rt_sigqueueinfo(2) to another process with a si_code of the kernel (≥ 0) or SI_TKILL is EPERM, for root too; to oneself anything goes, another si_pid with it.',
    sources: [man('rt_sigqueueinfo(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'do_rt_sigqueueinfo')],
    tags,
    entries: ['KIL-09'],
  },
  {
    script: `quietly { block USR1 }; fork child { pause }; sigqueue child USR1 1 SI_USER; sigqueue child USR1 1 SI_KERNEL; sigqueue child USR1 1 SI_TKILL; sigqueue child USR1 1 SI_QUEUE;
      sigqueue self USR1 1 SI_KERNEL; sigpoll USR1; sigqueue self USR1 9 SI_QUEUE 4242; sigpoll USR1; exit 0`,
    says: {
      main: [
        'sigqueue child USR1 1 SI_USER: EPERM',
        'sigqueue child USR1 1 SI_KERNEL: EPERM',
        'sigqueue child USR1 1 SI_TKILL: EPERM',
        'sigqueue child USR1 1 SI_QUEUE: 0',
        'sigqueue self USR1 1 SI_KERNEL: 0',
        'sigpoll USR1: USR1 SI_KERNEL',
        'sigqueue self USR1 9 SI_QUEUE 4242: 0',
        'sigpoll USR1: USR1 SI_QUEUE 9 from 4242',
      ],
    },
  },
  [{ what: 'it is sent to oneself', replace: ['sigqueue child USR1 1 SI_USER', 'sigqueue self USR1 1 SI_USER'] }],
);
