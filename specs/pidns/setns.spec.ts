/** How pid namespaces are entered: setns(2). */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['pidns', 'container'];
const unshared = 'quietly { call unshare CLONE_NEWPID }';

tells(
  {
    id: 'pidns.setns.to-a-descendant-affects-children',
    statement:
      'setns(2) to a descendant namespace is allowed, and puts later children there, not the caller; they count as inside.',
    sources: [man('setns(2)', 'CLONE_NEWPID'), kernelSource('kernel/pid_namespace.c', 'pidns_install')],
    tags,
    entries: ['NS-08', 'NS-09'],
  },
  {
    script: `fork maker { ${unshared}; fork one { quietly { on USR1 opens got }; open up; await got; await end; exit 5 }; open-file /proc/@one/ns/pid O_RDONLY > ns; await up; exec-actor { pause } };
      await up; quietly { call pidfd_open maker 0 > m }; fork joiner { quietly { children-of maker > one; open-file /proc/@$one/ns/pid O_RDONLY > ns }; call setns $ns CLONE_NEWPID; fork inner { call getpid; parent; kill 1 KILL; kill 1 USR1; exit 6 }; wait inner; exit 0 }; wait joiner; quietly { await got }; exit 0`,
    says: {
      joiner: ['call setns $ns CLONE_NEWPID: 0', 'wait inner: exit 6'],
      inner: ['call getpid: 2', 'parent: 0', 'kill 1 KILL: 0', 'kill 1 USR1: 0'],
      one: ['signal USR1: SI_USER from 2'],
      main: ['wait joiner: exit 0'],
    },
  },
  [{ what: 'it joins nothing', replace: ['call setns $ns CLONE_NEWPID', 'call setns $ns CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'pidns.setns.by-a-pidfd',
    statement:
      'setns(2) with the pidfd of a process of a descendant namespace and CLONE_NEWPID puts later children where that process is.',
    sources: [man('setns(2)', 'DESCRIPTION'), kernelSource('kernel/nsproxy.c', 'validate_nsset')],
    tags: ['pidfd', ...tags],
    entries: ['PFD-15', 'NS-08'],
  },
  {
    script: `clone one CLONE_NEWPID|CLONE_PIDFD { open up; pause }; await up; call setns $one CLONE_NEWPID; fork inner { call getpid; parent; exit 6 }; wait inner; exit 0`,
    says: {
      main: ['call setns $one CLONE_NEWPID: 0', 'wait inner: exit 6'],
      inner: ['call getpid: 2', 'parent: 0'],
    },
  },
  [{ what: 'that process is in no other', replace: ['clone one CLONE_NEWPID|', 'clone one CLONE_NEWUTS|'] }],
);

tells(
  {
    id: 'pidns.setns.by-a-pidfd-of-the-dead',
    statement:
      'setns(2) with the pidfd of a zombie, and of one that was waited for, is ESRCH; without a type of namespace EINVAL.',
    sources: [man('setns(2)', 'ERRORS'), kernelSource('kernel/nsproxy.c', 'validate_nsset')],
    tags: ['pidfd', 'zombie', ...tags],
    entries: ['PFD-15'],
  },
  {
    script: `clone one CLONE_NEWPID|CLONE_PIDFD { await go; exit 5 }; call setns $one 0; quietly { open go; until Z one }; call setns $one CLONE_NEWPID; wait one; call setns $one CLONE_NEWPID; exit 0`,
    says: {
      main: [
        'call setns $one 0: EINVAL',
        'call setns $one CLONE_NEWPID: ESRCH',
        'wait one: exit 5',
        'call setns $one CLONE_NEWPID: ESRCH',
      ],
    },
  },
  [
    {
      what: 'it lives',
      replace: [
        'open go; until Z one }; call setns $one CLONE_NEWPID;',
        'until S one }; call setns $one CLONE_NEWPID; open go;',
      ],
    },
  ],
);

tells(
  {
    id: 'pidns.setns.to-an-ancestor-is-refused',
    statement: 'setns(2) to an ancestor pid namespace is EINVAL, to a file of another type EINVAL, to one’s own 0.',
    sources: [man('setns(2)', 'ERRORS'), kernelSource('kernel/pid_namespace.c', 'pidns_install')],
    tags,
    entries: ['NS-08'],
  },
  {
    script: `quietly { open-file /proc/self/ns/pid O_RDONLY > outer }; ${unshared}; fork one { call setns $outer CLONE_NEWPID; call setns $outer CLONE_NEWNET; exit 5 }; wait one; call setns $outer CLONE_NEWPID; exit 0`,
    says: {
      one: ['call setns $outer CLONE_NEWPID: EINVAL', 'call setns $outer CLONE_NEWNET: EINVAL'],
      main: ['wait one: exit 5', 'call setns $outer CLONE_NEWPID: 0'],
    },
  },
  [{ what: 'it is no descendant', replace: ['CLONE_NEWPID }; fork one', 'CLONE_NEWUTS }; fork one'] }],
);

tells(
  {
    id: 'pidns.setns.needs-a-capability',
    statement:
      'setns(2) to a pid namespace without CAP_SYS_ADMIN is EPERM; so is unshare(CLONE_NEWPID), unless with CLONE_NEWUSER.',
    sources: [
      man('setns(2)', 'ERRORS'),
      man('user_namespaces(7)'),
      kernelSource('kernel/pid_namespace.c', 'pidns_install'),
    ],
    tags,
    entries: ['NS-08', 'NS-19'],
  },
  {
    script: `quietly { open-file /proc/self/ns/pid O_RDONLY > own; call setresuid 3000 3000 3000 }; call setns $own CLONE_NEWPID; call unshare CLONE_NEWPID; call unshare CLONE_NEWPID|CLONE_NEWUSER; exit 0`,
    says: {
      main: [
        'call setns $own CLONE_NEWPID: EPERM',
        'call unshare CLONE_NEWPID: EPERM',
        'call unshare CLONE_NEWPID|CLONE_NEWUSER: 0',
      ],
    },
  },
  [{ what: 'it is root', replace: ['; call setresuid 3000 3000 3000', ''] }],
);
