/** Orphans, subreapers and the parent-death signal: PR_SET_CHILD_SUBREAPER(2const), PR_SET_PDEATHSIG(2const), pid_namespaces(7). */
import { actor, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const reaper = kernelSource('kernel/exit.c', 'find_new_reaper');
const subreaper = man('PR_SET_CHILD_SUBREAPER(2const)');
const deathSignal = [man('PR_SET_PDEATHSIG(2const)'), kernelSource('kernel/exit.c', 'forget_original_parent')];
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
    id: 'process.pdeathsig.comes-when-the-parent-dies',
    statement: 'The parent-death signal comes when the parent dies, from the parent, by SI_USER.',
    sources: deathSignal,
    tags: ['pdeathsig', ...tags],
    entries: ['ORP-06'],
  },
  {
    as: 'init',
    script: `fork middle { fork child { quietly { block USR1 }; pdeathsig USR1; pdeathsig; open set; sigwait USR1; exit 4 }; await set; exit 0 }; wait middle; wait any; exit 0`,
    says: {
      child: ['pdeathsig USR1: 0', 'pdeathsig: USR1', 'sigwait USR1: USR1 SI_USER from 2'],
      main: ['wait middle: exit 0', 'wait: exit 4'],
    },
  },
  [{ what: 'the child asks for another signal', replace: ['pdeathsig USR1;', 'pdeathsig USR2;'] }],
);

tells(
  {
    id: 'process.pdeathsig.comes-when-the-forking-thread-ends',
    statement: 'The parent-death signal comes when the thread that forked ends, although its process lives on.',
    sources: [man('PR_SET_PDEATHSIG(2const)', 'CAVEATS'), kernelSource('kernel/exit.c', 'forget_original_parent')],
    tags: ['star', 'thread', 'pdeathsig', ...tags],
    entries: ['ORP-06'],
  },
  {
    script: `thread forker { fork child { quietly { block USR1; pdeathsig USR1 }; open set; sigwait USR1; exit 4 }; await set }; join forker; wait any; exit 0`,
    says: { child: ['sigwait USR1: USR1 SI_USER from parent'], main: ['join forker: 0', 'wait child: exit 4'] },
  },
  [{ what: 'the child asks for no signal', replace: ['pdeathsig USR1', 'pdeathsig 0'] }],
);

tells(
  {
    id: 'process.pdeathsig.set-too-late-never-comes',
    statement:
      'A parent-death signal that is set after the parent has died does not come for that parent; it comes when the adopter dies.',
    sources: deathSignal,
    tags: ['pdeathsig', ...tags],
    entries: ['ORP-07'],
  },
  {
    script: `quietly { subreaper }; fork adopter { quietly { subreaper }; fork middle { fork child { quietly { block USR1 }; open born; await dead; pdeathsig USR1; pending; open set; quietly { sigwait USR1 }; exit 4 }; await born; exit 0 }; wait middle; open dead; await set; exit 0 }; wait adopter; wait any; exit 0`,
    says: {
      child: ['pdeathsig USR1: 0', 'pending: none'],
      main: ['wait adopter: exit 0', 'wait: exit 4'],
    },
  },
  [
    {
      what: 'it is set in time',
      replace: ['open born; await dead; pdeathsig USR1;', 'pdeathsig USR1; open born; await dead;'],
    },
  ],
);

tells(
  {
    id: 'process.pdeathsig.is-cleared-by-fork-and-kept-by-exec',
    statement: 'A parent-death signal is not inherited by fork(2), and kept over execve(2) of an ordinary program.',
    sources: [
      man('PR_SET_PDEATHSIG(2const)'),
      kernelSource('kernel/fork.c', 'copy_process'),
      kernelSource('fs/exec.c', 'begin_new_exec'),
    ],
    tags: ['pdeathsig', ...tags],
    entries: ['ORP-08', 'FEX-01', 'FEX-02'],
  },
  {
    script: `pdeathsig TERM; fork child { pdeathsig; exit 0 }; quietly { wait child }; exec-actor { pdeathsig; exit 0 }`,
    says: { child: ['pdeathsig: 0'], main: ['pdeathsig TERM: 0', 'pdeathsig: TERM'] },
  },
  [{ what: 'another signal', replace: ['pdeathsig TERM;', 'pdeathsig HUP;'] }],
);

tells(
  {
    id: 'process.pdeathsig.is-cleared-by-a-change-of-uid',
    statement: 'A change of the effective uid or gid clears the parent-death signal.',
    sources: [man('PR_SET_PDEATHSIG(2const)'), kernelSource('kernel/cred.c', 'commit_creds')],
    tags: ['pdeathsig', ...tags],
    entries: ['ORP-08'],
  },
  {
    script: `fork child { quietly { pdeathsig TERM; call setresgid 3000 3000 3000 }; pdeathsig; quietly { pdeathsig TERM; call setresuid 3000 3000 3000 }; pdeathsig; exit 0 }; quietly { wait child }; exit 0`,
    says: { child: ['pdeathsig: 0', 'pdeathsig: 0'] },
  },
  [{ what: 'it stays root', replace: ['call setresuid 3000 3000 3000', 'call setresuid 0 0 0'] }],
);

tells(
  {
    id: 'process.pdeathsig.bad-signals-are-refused',
    statement: 'PR_SET_PDEATHSIG takes 0 to 64; 65 and −1 are EINVAL.',
    sources: [man('PR_SET_PDEATHSIG(2const)', 'ERRORS'), kernelSource('kernel/sys.c', '__do_sys_prctl')],
    tags: ['pdeathsig', ...tags],
  },
  {
    script: 'pdeathsig 64; pdeathsig 65; pdeathsig -1; pdeathsig 0; exit 0',
    says: { main: ['pdeathsig 64: 0', 'pdeathsig 65: EINVAL', 'pdeathsig -1: EINVAL', 'pdeathsig 0: 0'] },
  },
  [{ what: '64 instead of 65', replace: ['pdeathsig 65', 'pdeathsig 64'] }],
);

for (const { signal, outcome } of [
  { signal: 'KILL', outcome: 'SIGKILL' },
  { signal: 'TERM', outcome: 'exit 55' },
]) {
  tells(
    {
      id: `pidns.init.pdeathsig-sig${signal.toLowerCase()}-${signal === 'KILL' ? 'ends-it' : 'is-dropped'}`,
      statement: `A namespace init whose parent-death signal is SIG${signal} ${signal === 'KILL' ? 'is killed' : 'lives on, having no handler,'} when its parent outside dies.`,
      sources: [...deathSignal, kernelSource('kernel/signal.c', 'send_signal_locked')],
      tags: ['star', 'container', 'pdeathsig', ...tags],
      entries: ['ORP-09'],
    },
    {
      script: `quietly { subreaper }; fork maker { quietly { call unshare CLONE_NEWPID }; fork one { pdeathsig ${signal}; open set; await dead; exit 55 }; await set; exit 0 }; wait maker; ${
        signal === 'TERM' ? 'open dead; ' : ''
      }wait any; exit 0`,
      says: { main: ['wait maker: exit 0', `wait: ${outcome}`], one: [`pdeathsig ${signal}: 0`] },
    },
    [
      signal === 'KILL'
        ? {
            what: 'it is SIGTERM, and the init ends by itself',
            replace: ['pdeathsig KILL; open set;', 'pdeathsig TERM; open dead; open set;'],
          }
        : { what: 'it is no init', replace: ['call unshare CLONE_NEWPID', 'call unshare CLONE_NEWUTS'] },
    ],
  );
}

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

tells(
  {
    id: 'process.pdeathsig.comes-again-when-the-adopter-dies',
    statement:
      'The parent-death signal is not used up: it comes again, from the new parent, when that one dies; si_pid names who has died.',
    sources: deathSignal,
    tags: ['subreaper', ...tags],
    entries: ['ORP-07'],
  },
  {
    as: 'init',
    script: `fork far { quietly { subreaper };
        fork near { quietly { subreaper };
          fork middle { fork orphan { quietly { block USR1; pdeathsig USR1 }; open up; sigwait USR1; open first; sigwait USR1; exit 4 }; await up; exit 0 };
          await first; exit 0 };
        quietly { reap }; exit 0 };
      wait far; exit 0`,
    says: {
      orphan: ['sigwait USR1: USR1 SI_USER from 4', 'sigwait USR1: USR1 SI_USER from 3'],
      main: ['wait far: exit 0'],
    },
  },
  [
    {
      what: 'the near one adopts nobody',
      replace: ['fork near { quietly { subreaper };', 'fork near { quietly { mask };'],
    },
    {
      what: 'the near one does not die',
      replace: ['await first; exit 0', 'await first; kill middle USR1; fork twin { kill parent 0; pause }; pause'],
    },
  ],
);

tells(
  {
    id: 'process.pdeathsig.of-any-thread-counts',
    statement:
      'Each thread has a parent-death signal of its own: that of a thread that is not the main one comes, too, for the process.',
    sources: deathSignal,
    tags: ['thread', ...tags],
  },
  {
    as: 'init',
    script: `fork middle { fork orphan { quietly { block USR1 }; thread t { pdeathsig; quietly { pdeathsig USR1 }; open up; await never }; quietly { await up }; pdeathsig; sigwait USR1; exit 4 }; await up; exit 0 };
      quietly { reap }; exit 0`,
    says: {
      t: ['pdeathsig: 0'],
      orphan: ['pdeathsig: 0', 'sigwait USR1: USR1 SI_USER from 2'],
      main: [],
    },
  },
  [{ what: 'the thread has ended', replace: ['open up; await never }', 'exit-thread 0 }; join t; open up'] }],
);

for (const { name, kind, make, entry, needs } of [
  { name: 'set-user-id', kind: 'a set-user-ID program', make: 'chmod 4755 /tmp/special', entry: 'ORP-08', needs: [] },
  {
    name: 'capable',
    kind: 'a program with a capability of its own',
    // CAP_NET_RAW
    make: "/kernspec/bin/actor 'file-capability /tmp/special 13; exit 0'",
    entry: 'ORP-08',
    needs: ['CONFIG_TMPFS_XATTR' as const],
  },
]) {
  spec(
    {
      id: `process.pdeathsig.is-cleared-by-a-${name}-program`,
      statement: `execve(2) of ${kind} clears the parent-death signal; that of an ordinary one keeps it.`,
      sources: [man('PR_SET_PDEATHSIG(2const)'), kernelSource('fs/exec.c', 'begin_new_exec')],
      tags: ['exec', ...tags],
      entries: [entry],
      needs,
    },
    async ({ guest, expect }) => {
      await guest.exec(
        `rm -f /tmp/plain /tmp/special; cp /kernspec/bin/actor /tmp/plain && cp /tmp/plain /tmp/special && ${make}`,
      );
      const child = (program: string): string =>
        `fork c { quietly { call setresuid 3000 3000 3000; pdeathsig USR1 }; exec ${program} pdeathsig }; wait c;`;
      const fixture = await guest.process(actor(`${child('/tmp/plain')} ${child('/tmp/special')} exit 0`));
      expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
      // A program that was started anew goes by the name of main.
      expect(fixture.transcript().filter((line) => line.startsWith('pdeathsig'))).toEqual([
        'pdeathsig: USR1',
        'pdeathsig: 0',
      ]);
    },
    [{ what: 'it is an ordinary one', replace: ['exec /tmp/special', 'exec /tmp/plain'] }],
  );
}
