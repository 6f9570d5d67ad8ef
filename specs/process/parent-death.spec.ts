/** The parent-death signal: PR_SET_PDEATHSIG(2const). */
import { actor, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const deathSignal = [man('PR_SET_PDEATHSIG(2const)'), kernelSource('kernel/exit.c', 'forget_original_parent')];
const tags = ['orphan'];

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
