/** Who may send signals to whom: kill(2) "permission", user_namespaces(7). */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const sources = [man('kill(2)', 'DESCRIPTION'), kernelSource('kernel/signal.c', 'check_kill_permission')];
const tags = ['permission'];

/** A target with these real, effective and saved uids that waits, and a sender with those. */
const between = (sender: string, target: string, sends: string): string =>
  `fork target { quietly { on CONT; setsid; call setresuid ${target} }; open up; pause }; await up;
   fork sender { quietly { call setresuid ${sender} }; ${sends}; exit 0 }; quietly { wait sender }; exit 0`;

for (const { id, statement, sender, target, allowed } of [
  {
    id: 'same-uid-may',
    statement: 'A process may send to another of the same uid',
    sender: '3000 3000 3000',
    target: '3000 3000 3000',
    allowed: true,
  },
  {
    id: 'other-uid-may-not',
    statement: 'A process may not send to one of another uid',
    sender: '3000 3000 3000',
    target: '3001 3001 3001',
    allowed: false,
  },
  {
    id: 'real-uid-of-the-sender-counts',
    statement: "The sender's real uid may equal the target's real uid",
    sender: '3000 3009 3009',
    target: '3000 3001 3001',
    allowed: true,
  },
  {
    id: 'effective-uid-of-the-sender-counts',
    statement: "The sender's effective uid may equal the target's real uid",
    sender: '3009 3000 3009',
    target: '3000 3001 3001',
    allowed: true,
  },
  {
    id: 'saved-uid-of-the-target-counts',
    statement: "The sender's uid may equal the target's saved uid",
    sender: '3000 3000 3000',
    target: '3001 3001 3000',
    allowed: true,
  },
  {
    id: 'real-uid-against-saved-uid',
    statement: "The sender's real uid may equal the target's saved uid",
    sender: '3000 3009 3009',
    target: '3001 3001 3000',
    allowed: true,
  },
  {
    id: 'effective-uid-against-saved-uid',
    statement: "The sender's effective uid may equal the target's saved uid",
    sender: '3009 3000 3009',
    target: '3001 3001 3000',
    allowed: true,
  },
  {
    id: 'saved-uid-of-the-sender-does-not-count',
    statement: "The sender's saved uid gives no permission",
    sender: '3009 3009 3000',
    target: '3000 3000 3000',
    allowed: false,
  },
  {
    id: 'effective-uid-of-the-target-does-not-count',
    statement: "The target's effective uid gives no permission",
    sender: '3000 3000 3000',
    target: '3001 3000 3001',
    allowed: false,
  },
]) {
  const outcome = allowed ? '0' : 'EPERM';
  tells(
    {
      id: `signal.permission.${id}`,
      statement: `${statement}; signal 0 follows the same rule.`,
      sources,
      tags,
      entries: ['KIL-05'],
    },
    {
      script: between(sender, target, 'kill target USR1; kill target 0').replace('on CONT;', 'on CONT; on USR1;'),
      says: { sender: [`kill target USR1: ${outcome}`, `kill target 0: ${outcome}`] },
    },
    [
      allowed
        ? {
            what: 'the sender is a stranger',
            replace: [`call setresuid ${sender} };`, 'call setresuid 3777 3777 3777 };'],
          }
        : { what: 'the sender is root', replace: [`call setresuid ${sender} };`, 'say root };'] },
    ],
  );
}

tells(
  {
    id: 'signal.permission.sigcont-within-the-session',
    statement: 'SIGCONT may be sent to any process of the same session, whatever its uid; other signals may not.',
    sources,
    tags: ['job', ...tags],
    entries: ['KIL-05'],
  },
  {
    script: between('3000 3000 3000', '3001 3001 3001', 'kill target CONT; kill target USR1').replace('setsid; ', ''),
    says: { sender: ['kill target CONT: 0', 'kill target USR1: EPERM'] },
  },
  [{ what: 'another session', replace: ['on CONT; call', 'on CONT; setsid; call'] }],
);

tells(
  {
    id: 'signal.permission.sigcont-to-another-session-is-refused',
    statement: 'SIGCONT to a process of another session and uid is EPERM.',
    sources,
    tags: ['job', ...tags],
    entries: ['KIL-05'],
  },
  {
    script: between('3000 3000 3000', '3001 3001 3001', 'kill target CONT'),
    says: { sender: ['kill target CONT: EPERM'] },
  },
  [{ what: 'the same session', replace: ['setsid; ', ''] }],
);

tells(
  {
    id: 'signal.permission.group-needs-one-that-may',
    statement:
      'kill(−pgid) succeeds when it may signal one member of the group, and only those get it; EPERM when it may signal none.',
    sources: [man('kill(2)', 'NOTES'), kernelSource('kernel/signal.c', '__kill_pgrp_info')],
    tags: ['group', ...tags],
    entries: ['KIL-04'],
  },
  {
    script: `fork mine { quietly { setpgid; on USR1 exit 5; call setresuid 3000 3000 3000 }; open m; pause }; await m;
      fork other { quietly { setpgid 0 mine; block USR1; call setresuid 3001 3001 3001 }; open o; pause }; await o;
      fork sender { quietly { call setresuid 3000 3000 3000 }; call kill -mine USR1; exit 0 }; wait sender; wait mine; field /proc/@other/status ShdPnd;
      fork again { quietly { call setresuid 3000 3000 3000 }; call kill -mine USR1; exit 0 }; wait again; exit 0`,
    says: {
      sender: ['call kill -mine USR1: 0'],
      again: ['call kill -mine USR1: EPERM'],
      main: [
        'wait sender: exit 0',
        'wait mine: exit 5',
        'field /proc/@other/status ShdPnd: 0000000000000000',
        'wait again: exit 0',
      ],
    },
  },
  [{ what: 'root sends', replace: ['fork sender { quietly { call setresuid 3000 3000 3000 };', 'fork sender {'] }],
);

tells(
  {
    id: 'signal.permission.minus-one-by-a-user-reaches-its-own',
    statement: 'kill(−1) by an ordinary user reaches the processes of that user alone.',
    sources: [man('kill(2)'), kernelSource('kernel/signal.c', 'kill_something_info')],
    tags: ['container', ...tags],
    entries: ['KIL-03', 'KIL-05'],
  },
  {
    as: 'init',
    script: `fork mine { quietly { on TERM exit 5; call setresuid 3000 3000 3000 }; open m; pause }; await m; fork other { quietly { block TERM }; open o; pause }; await o;
      fork sender { quietly { call setresuid 3000 3000 3000 }; kill all TERM; exit 0 }; wait sender; wait mine; field /proc/@other/status ShdPnd; exit 0`,
    says: {
      sender: ['kill all TERM: 0'],
      main: ['wait sender: exit 0', 'wait mine: exit 5', 'field /proc/@other/status ShdPnd: 0000000000000000'],
    },
  },
  [
    {
      what: 'root sends',
      replace: ['fork sender { quietly { call setresuid 3000 3000 3000 };', 'fork sender { quietly { on TERM };'],
    },
  ],
);

tells(
  {
    id: 'signal.permission.cap-kill-counts-in-its-user-namespace',
    statement: 'CAP_KILL of a user namespace does not reach a process of another uid outside of it: EPERM.',
    sources: [man('user_namespaces(7)'), kernelSource('kernel/signal.c', 'kill_ok_by_cred')],
    tags: ['container', ...tags],
    entries: ['KIL-17'],
  },
  {
    script: `fork target { quietly { call setresuid 3001 3001 3001 }; open up; pause }; await up;
      fork sender { quietly { call unshare CLONE_NEWUSER; write /proc/self/uid_map 0 0 1 }; call getuid; kill target 0; kill self 0; exit 0 }; quietly { wait sender }; exit 0`,
    says: { sender: ['call getuid: 0', 'kill target 0: EPERM', 'kill self 0: 0'] },
  },
  [
    {
      what: 'no user namespace',
      replace: ['call unshare CLONE_NEWUSER; write /proc/self/uid_map 0 0 1', 'say root'],
    },
  ],
);

tells(
  {
    id: 'signal.permission.cap-kill-suffices-within-its-user-namespace',
    statement: 'CAP_KILL of a user namespace suffices to signal a process of another uid that is in it.',
    sources: [man('user_namespaces(7)'), kernelSource('kernel/signal.c', 'kill_ok_by_cred')],
    tags: ['container', ...tags],
    entries: ['KIL-17'],
  },
  {
    script: `fork sender { quietly { call unshare CLONE_NEWUSER }; open made; await mapped; fork target { quietly { block USR1; call setresuid 3001 3001 3001 }; call getuid; open up; pause }; await up;
        kill target USR1; field /proc/@target/status ShdPnd; exit 0 };
      await made; write /proc/@sender/uid_map 0 0 5000; open mapped; wait sender; exit 0`,
    says: {
      target: ['call getuid: 3001'],
      sender: ['kill target USR1: 0', 'field /proc/@target/status ShdPnd: 0000000000000200'],
      main: ['write /proc/@sender/uid_map 0 0 5000: 0', 'wait sender: exit 0'],
    },
  },
  [
    {
      what: 'the sender gives its capabilities up',
      replace: ['kill target USR1;', 'quietly { call setresuid 3002 3002 3002 }; kill target USR1;'],
    },
  ],
);
