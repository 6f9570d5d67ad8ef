/** Orphans and subreapers: PR_SET_CHILD_SUBREAPER(2const), pid_namespaces(7). */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const reaper = kernelSource('kernel/exit.c', 'find_new_reaper');
const subreaper = man('PR_SET_CHILD_SUBREAPER(2const)');
const tags = ['orphan'];

tells(
  {
    id: 'process.orphan.goes-to-the-nearest-subreaper',
    statement:
      'An orphan goes to the nearest living ancestor that is a subreaper, not to one further up and not to init.',
    sources: [subreaper, reaper],
    tags,
    entries: ['ORP-02'],
  },
  {
    as: 'init',
    script: `fork far { quietly { subreaper; fork near { quietly { subreaper; fork middle { fork orphan { quietly { call getppid > p }; open up; quietly { until Z- $p }; parent; exit 4 }; await up; exit 0 } }; reap; exit 0 } }; reap; exit 0 }; reap; exit 0`,
    says: {
      near: ['wait middle: exit 0', 'wait: exit 4', 'reap: ECHILD'],
      far: ['wait near: exit 0', 'reap: ECHILD'],
      main: ['wait far: exit 0', 'reap: ECHILD'],
      orphan: ['parent: 3'],
    },
  },
  [{ what: 'the near one is no subreaper', replace: ['fork near { quietly { subreaper;', 'fork near { quietly {'] }],
);

tells(
  {
    id: 'process.subreaper.is-not-inherited',
    statement: 'The subreaper flag is not inherited by fork(2), and is kept over execve(2).',
    sources: [subreaper, kernelSource('kernel/fork.c', 'copy_signal'), man('execve(2)')],
    tags,
    entries: ['FEX-01', 'FEX-02'],
  },
  {
    script: `subreaper; subreaper?; fork child { subreaper?; exit 0 }; quietly { wait child }; exec-actor { subreaper?; exit 0 }`,
    says: { child: ['subreaper?: 0'], main: ['subreaper: 0', 'subreaper?: 1', 'subreaper?: 1'] },
  },
  [
    { what: 'the child becomes one', replace: ['fork child {', 'fork child { quietly { subreaper };'] },
    { what: 'it is given up', replace: ['exec-actor {', 'exec-actor { quietly { subreaper 0 };'] },
  ],
);

tells(
  {
    id: 'process.subreaper.covers-descendants-that-were-there',
    statement: 'Becoming a subreaper also covers descendants that were born before.',
    sources: [subreaper, kernelSource('kernel/sys.c', 'propagate_has_child_subreaper')],
    tags,
    entries: ['ORP-12'],
  },
  {
    as: 'init',
    script: `fork reaper { fork middle { fork orphan { quietly { call getppid > p }; open up; quietly { until Z- $p }; parent; exit 4 }; await up; await now; exit 0 }; await up; subreaper; open now; reap; exit 0 }; reap; exit 0`,
    says: {
      reaper: ['subreaper: 0', 'wait middle: exit 0', 'wait: exit 4', 'reap: ECHILD'],
      orphan: ['parent: 2'],
    },
  },
  [{ what: 'it does not become one', replace: ['subreaper; open now', 'open now'] }],
);

tells(
  {
    id: 'process.subreaper.covers-descendants-at-any-depth',
    statement: 'A subreaper takes in orphans of descendants that were born later, however far down.',
    sources: [subreaper, kernelSource('kernel/fork.c', 'copy_signal')],
    tags,
    entries: ['ORP-12'],
  },
  {
    as: 'init',
    script: `fork reaper { subreaper; fork a { fork b { fork c { fork orphan { await alone; parent; exit 4 }; exit 3 }; wait c; exit 2 }; wait b; exit 1 }; wait a; open alone; reap; exit 0 }; reap; exit 0`,
    says: {
      reaper: ['subreaper: 0', 'wait a: exit 1', 'wait: exit 4', 'reap: ECHILD'],
      orphan: ['parent: 2'],
    },
  },
  [{ what: 'it does not become one', replace: ['{ subreaper; fork a', '{ fork a'] }],
);

tells(
  {
    id: 'process.subreaper.stays-outside-the-namespace',
    statement:
      'A subreaper outside a pid namespace never adopts orphans from inside: they go to the init of the namespace.',
    sources: [man('pid_namespaces(7)', 'Adoption of orphaned children'), reaper],
    tags: ['star', 'container', ...tags],
    entries: ['ORP-03', 'ORP-01'],
  },
  {
    script: `quietly { subreaper; call unshare CLONE_NEWPID|CLONE_NEWNS }; fork one { quietly { mount-proc; fork middle { fork orphan { quietly { call getppid > p }; open up; quietly { until Z- $p }; parent; exit 4 }; await up; exit 0 } }; reap; exit 0 }; wait one; exit 0`,
    says: {
      one: ['wait middle: exit 0', 'wait: exit 4', 'reap: ECHILD'],
      orphan: ['parent: 1'],
      main: ['wait one: exit 0'],
    },
  },
  [{ what: 'there is no namespace', replace: ['call unshare CLONE_NEWPID|CLONE_NEWNS', 'call unshare CLONE_NEWNS'] }],
);

tells(
  {
    id: 'process.orphan.member-of-an-outside-parent-goes-outside',
    statement:
      'When the parent outside of a child that is in a pid namespace dies, the child goes to the reaper of the parent; inside its getppid() stays 0.',
    sources: [man('pid_namespaces(7)', 'Adoption of orphaned children'), reaper],
    tags: ['star', 'container', ...tags],
    entries: ['ORP-04'],
  },
  {
    script: `quietly { subreaper }; fork maker { quietly { call unshare CLONE_NEWPID }; fork one { await end; exit 5 }; fork member { parent; open up; await dead; parent; exit 6 }; await up; exit 0 };
      wait maker; open dead; wait any; open end; wait any; exit 0`,
    says: {
      member: ['parent: 0', 'parent: 0'],
      main: ['wait maker: exit 0', 'wait: exit 6', 'wait: exit 5'],
    },
  },
  [
    {
      what: 'the init forks the member',
      replace: [
        'fork one { await end; exit 5 }; fork member { parent; open up; await dead; parent; exit 6 };',
        'fork one { fork member { parent; open up; await dead; parent; exit 6 }; await end; exit 5 };',
      ],
    },
  ],
);

tells(
  {
    id: 'process.orphan.member-of-an-outside-parent-goes-to-the-init-outside',
    statement:
      "Without a subreaper, such a child goes to the init of its parent's pid namespace, not to that of its own; inside its getppid() stays 0.",
    sources: [
      man('pid_namespaces(7)', 'Adoption of orphaned children'),
      kernelSource('kernel/exit.c', 'find_child_reaper'),
    ],
    tags: ['star', 'container', ...tags],
    entries: ['ORP-04'],
  },
  {
    as: 'init',
    script: `fork maker { quietly { call unshare CLONE_NEWPID }; fork one { await end; exit 5 }; fork member { call getpid; open up; await dead; parent; exit 6 }; await up; exit 0 };
      wait maker; open dead; wait any; open end; wait any; exit 0`,
    says: {
      member: ['call getpid: 2', 'parent: 0'],
      main: ['wait maker: exit 0', 'wait: exit 6', 'wait: exit 5'],
    },
  },
  [
    {
      what: 'the init forks the member',
      replace: [
        'fork one { await end; exit 5 }; fork member { call getpid; open up; await dead; parent; exit 6 };',
        'fork one { fork member { call getpid; open up; await dead; parent; exit 6 }; await end; exit 5 };',
      ],
    },
  ],
);

tells(
  {
    id: 'process.orphan.child-made-after-setns-goes-outside',
    statement:
      'When a process that has entered a pid namespace by setns(2) dies, its child there goes to the init of the namespace it was in itself.',
    sources: [
      man('pid_namespaces(7)', 'Adoption of orphaned children'),
      kernelSource('kernel/exit.c', 'find_child_reaper'),
    ],
    tags: ['container', ...tags],
    entries: ['ORP-04'],
  },
  {
    as: 'init',
    script: `clone one CLONE_NEWPID { await end; exit 5 }; fork maker { quietly { open-file /proc/@one/ns/pid O_RDONLY > ns }; call setns $ns CLONE_NEWPID; fork member { call getpid; open up; await dead; parent; exit 6 }; await up; exit 0 };
      wait maker; open dead; wait any; open end; wait one; exit 0`,
    says: {
      maker: ['call setns $ns CLONE_NEWPID: 0'],
      member: ['call getpid: 2', 'parent: 0'],
      main: ['wait maker: exit 0', 'wait: exit 6', 'wait one: exit 5'],
    },
  },
  [{ what: 'it enters nothing', replace: ['call setns $ns CLONE_NEWPID', 'call setns $ns CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'process.orphan.of-a-thread-goes-to-a-sibling-thread',
    statement: 'When the thread that forked a child ends but its process lives, the child keeps its parent.',
    sources: [kernelSource('kernel/exit.c', 'find_alive_thread')],
    tags: ['thread', ...tags],
    entries: ['ORP-05'],
  },
  {
    as: 'init',
    script: `fork owner { thread forker { fork child { open up; await ended; parent; exit 4 }; await up }; join forker; open ended; wait any; exit 0 }; wait owner; exit 0`,
    says: { child: ['parent: 2'], owner: ['join forker: 0', 'wait child: exit 4'] },
  },
  [
    {
      what: 'the whole process ends',
      replace: ['join forker; open ended; wait any; exit 0', 'await up; open ended; exit 0'],
    },
  ],
);

tells(
  {
    id: 'process.orphan.exit-signal-becomes-sigchld',
    statement:
      'An orphan with another exit signal sends SIGCHLD to its new parent when it ends, and a plain wait finds it.',
    sources: [kernelSource('kernel/exit.c', 'reparent_leader')],
    tags,
    entries: ['ORP-10'],
  },
  {
    script: `quietly { subreaper; block CHLD USR1 }; fork middle { clone orphan 0 exit USR1 { await go; exit 4 }; exit 0 }; wait middle; quietly { sigpoll CHLD }; open go; until-pending CHLD; pending; wait any; exit 0`,
    says: { main: ['wait middle: exit 0', 'until-pending CHLD: 0', 'pending: CHLD', 'wait: exit 4'] },
  },
  [
    {
      what: 'the subreaper is its parent',
      replace: [
        'fork middle { clone orphan 0 exit USR1 { await go; exit 4 }; exit 0 };',
        'clone orphan 0 exit USR1 { await go; exit 4 }; fork middle { exit 0 };',
      ],
    },
  ],
);

tells(
  {
    id: 'process.orphan.zombie-is-reaped-by-who-ignores-sigchld',
    statement: 'A zombie whose parent dies is reaped at once when its new parent ignores SIGCHLD.',
    sources: [kernelSource('kernel/exit.c', 'reparent_leader')],
    tags: ['zombie', ...tags],
    entries: ['ORP-11'],
  },
  {
    as: 'init',
    script: `quietly { ignore CHLD }; fork middle { quietly { default CHLD }; fork dead { exit 4 }; until Z dead; exit 0 }; wait any; quietly { until - 3 }; state 3; exit 0`,
    says: { middle: ['until Z dead: Z'], main: ['wait any: ECHILD', 'state 3: -'] },
  },
  [{ what: 'the new parent does not ignore it', replace: ['quietly { ignore CHLD };', ''] }],
);

tells(
  {
    id: 'process.subreaper.adopts-while-one-of-its-threads-lives',
    statement: 'A subreaper whose main thread has ended still adopts: another thread of it waits for the orphans.',
    sources: [subreaper, kernelSource('kernel/exit.c', 'find_alive_thread')],
    tags: ['thread', ...tags],
    entries: ['ORP-05'],
  },
  {
    as: 'init',
    script: `fork reaper { quietly { subreaper }; thread rest { await over; reap; exit 7 };
        fork middle { quietly { until Z parent }; fork orphan { quietly { call getppid > p }; open up; quietly { until Z- $p }; parent; open over; exit 4 }; await up; exit 0 };
        exit-thread 0 };
      wait reaper; exit 0`,
    says: {
      orphan: ['parent: 2'],
      rest: ['wait middle: exit 0', 'wait: exit 4', 'reap: ECHILD'],
      main: ['wait reaper: exit 7'],
    },
  },
  [{ what: 'it is no subreaper', replace: ['quietly { subreaper }', 'quietly { mask }'] }],
);
