/** What a new process has of the old: fork(2), vfork(2), clone(2). */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const clone = [man('clone(2)', 'ERRORS'), kernelSource('kernel/fork.c', 'copy_process')];
const tags = ['birth'];

tells(
  {
    id: 'process.clone.clear-sighand-resets-handlers',
    statement:
      'clone3(2) with CLONE_CLEAR_SIGHAND gives caught signals their default back and leaves ignored ones ignored.',
    sources: [man('clone(2)', 'CLONE_CLEAR_SIGHAND'), kernelSource('kernel/fork.c', 'copy_sighand')],
    tags,
    entries: ['FEX-04'],
  },
  {
    script: `quietly { on USR1; ignore USR2 }; clone child CLONE_CLEAR_SIGHAND { disposition USR1; disposition USR2; exit 0 }; wait child; disposition USR1; exit 0`,
    says: {
      child: ['disposition USR1: default', 'disposition USR2: ignored'],
      main: ['wait child: exit 0', 'disposition USR1: caught'],
    },
  },
  [{ what: 'no flag', replace: ['clone child CLONE_CLEAR_SIGHAND', 'clone child 0'] }],
);

for (const { flags, why, entries } of [
  { flags: 'CLONE_CLEAR_SIGHAND|CLONE_SIGHAND|CLONE_VM', why: 'to clear and to share handlers', entries: ['FEX-04'] },
  { flags: 'CLONE_SIGHAND', why: 'shared handlers without shared memory' },
  { flags: 'CLONE_THREAD', why: 'a thread without shared handlers' },
  {
    flags: 'CLONE_THREAD|CLONE_SIGHAND|CLONE_VM|CLONE_NEWPID',
    why: 'a thread in a new pid namespace',
    entries: ['FEX-08'],
  },
  { flags: 'CLONE_NEWNS|CLONE_FS', why: 'a new mount namespace with shared root' },
]) {
  tells(
    {
      id: `process.clone.refuses-${flags.toLowerCase().replaceAll('clone_', '').replaceAll('|', '-').replaceAll('_', '-')}`,
      statement: `The kernel refuses ${flags.replaceAll('|', ' | ')} with EINVAL: ${why}.`,
      sources: clone,
      tags,
      ...(entries !== undefined && { entries }),
    },
    {
      script: `clone child ${flags}${flags.includes('CLONE_THREAD') ? ' exit 0' : ''} { exit 0 }; exit 0`,
      says: { main: [`clone child ${flags}${flags.includes('CLONE_THREAD') ? ' exit 0' : ''}: EINVAL`] },
    },
    [{ what: 'no such flags', replace: [`child ${flags}`, 'child 0'] }],
  );
}

tells(
  {
    id: 'process.clone.newpid-with-parent-is-accepted',
    statement: 'CLONE_NEWPID together with CLONE_PARENT is accepted, although clone(2) lists it as EINVAL.',
    sources: clone,
    tags: ['container', 'errata', ...tags],
    entries: ['FEX-09'],
  },
  {
    script: `fork maker { clone one CLONE_NEWPID|CLONE_PARENT exit 0 { call getpid; exit 6 }; exit 5 }; quietly { wait maker }; wait any __WALL; exit 0`,
    says: { one: ['call getpid: 1'], main: ['wait: exit 6'] },
  },
  [{ what: 'no new namespace', replace: ['CLONE_NEWPID|CLONE_PARENT', 'CLONE_PARENT'] }],
);

tells(
  {
    id: 'process.clone.set-tid-picks-the-pid',
    statement:
      'clone3(2) with set_tid gives the child that pid; EEXIST when it is taken; the next fork goes on where it would have.',
    sources: [man('clone(2)', 'set_tid'), kernelSource('kernel/pid.c', 'alloc_pid')],
    tags: ['container', ...tags],
    entries: ['FEX-12'],
  },
  {
    as: 'init',
    script: `clone a 0 pid 500 { call getpid; await end; exit 0 }; clone b 0 pid 500 { exit 0 }; fork c { call getpid; exit 0 }; wait c; open end; wait a; exit 0`,
    says: {
      a: ['call getpid: 500'],
      c: ['call getpid: 2'],
      main: ['clone b 0 pid 500: EEXIST', 'wait c: exit 0', 'wait a: exit 0'],
    },
  },
  [{ what: 'another number', replace: ['clone b 0 pid 500', 'clone b 0 pid 501'] }],
);

tells(
  {
    id: 'process.clone.set-tid-needs-a-capability',
    statement: 'set_tid without CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE is EPERM.',
    sources: [man('clone(2)', 'ERRORS'), kernelSource('kernel/pid.c', 'alloc_pid')],
    tags: ['container', ...tags],
    entries: ['FEX-12'],
  },
  {
    as: 'init',
    script: `fork user { quietly { call setresuid 3000 3000 3000 }; clone a 0 pid 500 { exit 0 }; exit 0 }; wait user; exit 0`,
    says: { user: ['clone a 0 pid 500: EPERM'], main: ['wait user: exit 0'] },
  },
  [{ what: 'it is root', replace: ['call setresuid 3000 3000 3000', 'mask'] }],
);

for (const { name, number, other } of [
  { name: 'CAP_CHECKPOINT_RESTORE', number: 40, other: 21 },
  { name: 'CAP_SYS_ADMIN', number: 21, other: 40 },
]) {
  tells(
    {
      id: `process.clone.set-tid-is-allowed-by-${name.toLowerCase().replaceAll('_', '-')}-alone`,
      statement: `${name} suffices for set_tid, without ${other === 21 ? 'CAP_SYS_ADMIN' : 'CAP_CHECKPOINT_RESTORE'}.`,
      sources: [man('clone(2)', 'ERRORS'), kernelSource('include/linux/capability.h', 'checkpoint_restore_ns_capable')],
      tags: ['container', ...tags],
      entries: ['FEX-12'],
    },
    {
      as: 'init',
      // PR_CAPBSET_DROP (24): what root has after execve(2) is what is left in the bounding set. (capabilities(7))
      script: `fork one { call prctl 24 ${other}; exec-actor { clone a 0 pid 500 { call getpid; exit 1 }; wait a; exit 0 } }; wait one; exit 0`,
      says: {
        one: [`call prctl 24 ${other}: 0`, 'wait a: exit 1'],
        a: ['call getpid: 500'],
        main: ['wait one: exit 0'],
      },
    },
    [{ what: 'neither is left', replace: ['exec-actor {', `quietly { call prctl 24 ${number} }; exec-actor {`] }],
  );
}

for (const { flag, name } of [
  { flag: 'CLONE_AUTOREAP', name: 'autoreap' },
  { flag: 'CLONE_NNP', name: 'nnp' },
]) {
  const since = {
    autoreap: { commit: '12ae2c81b21c', title: 'clone: add CLONE_AUTOREAP' },
    nnp: { commit: '24baca56fafc', title: 'clone: add CLONE_NNP' },
  }[name as 'autoreap' | 'nnp'];
  tells(
    {
      id: `process.clone.${name}-exists`,
      statement:
        name === 'autoreap'
          ? 'A CLONE_AUTOREAP child leaves neither a zombie nor a SIGCHLD; before 7.1 the flag is EINVAL.'
          : 'A CLONE_NNP child has no_new_privs; before 7.1 the flag is EINVAL.',
      sources: [kernelSource('kernel/fork.c', 'copy_process')],
      tags,
      entries: name === 'autoreap' ? ['FEX-14'] : ['FEX-15'],
      expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'works' }, { '>=7.1': since }),
    },
    name === 'autoreap'
      ? {
          script: `quietly { block CHLD }; clone child CLONE_AUTOREAP exit 0 { exit 3 }; until-gone child; pending; wait child __WALL; exit 0`,
          says: (outcome) => ({
            main:
              outcome === 'works'
                ? ['until-gone child: gone', 'pending: none', 'wait child __WALL: ECHILD']
                : [
                    'clone child CLONE_AUTOREAP exit 0: EINVAL',
                    'until-gone child: never was',
                    'pending: none',
                    'wait child __WALL: ECHILD',
                  ],
          }),
        }
      : {
          script: `clone child CLONE_NNP { field /proc/self/status NoNewPrivs; exit 3 }; wait child; exit 0`,
          says: (outcome) =>
            outcome === 'works'
              ? { child: ['field /proc/self/status NoNewPrivs: 1'], main: ['wait child: exit 3'] }
              : { child: [], main: ['clone child CLONE_NNP: EINVAL', 'wait child: ECHILD'] },
        },
    [{ what: 'no flag', replace: [`child ${flag}`, 'child 0'] }],
  );
}

tells(
  {
    id: 'process.vfork.parent-waits-in-state-d',
    statement:
      'A parent that waits for its vfork child is in state D: SIGSTOP does not stop it, SIGKILL ends it at once.',
    sources: [man('vfork(2)'), kernelSource('kernel/fork.c', 'wait_for_vfork_done')],
    tags: ['killable', ...tags],
    entries: ['FEX-05', 'INT-08', 'PRC-05'],
  },
  {
    script: `fork parent2 { clone child CLONE_VFORK { open up; await never }; exit 5 }; await up; until D parent2; kill parent2 STOP; state parent2; kill parent2 KILL; wait parent2; exit 0`,
    says: {
      main: [
        'until D parent2: D',
        'kill parent2 STOP: 0',
        'state parent2: D',
        'kill parent2 KILL: 0',
        'wait parent2: SIGKILL',
      ],
    },
  },
  [
    {
      what: 'it is a plain fork',
      replace: ['CLONE_VFORK { open up; await never }; exit 5', '0 { open up; await never }; await never'],
    },
  ],
);

tells(
  {
    id: 'process.vfork.execve-lets-the-parent-go-on',
    statement: 'vfork(2) returns in the parent once the child has called execve(2), although the child lives on.',
    sources: [man('vfork(2)'), kernelSource('kernel/fork.c', 'mm_release')],
    tags,
    entries: ['FEX-05'],
  },
  {
    script: `vfork child { exec-actor { await go; exit 4 } }; wait child WNOHANG; open go; wait child; exit 0`,
    says: { main: ['vfork child: 0', 'wait child WNOHANG: 0', 'wait child: exit 4'] },
  },
  [{ what: 'it ends without execve', replace: ['exec-actor { await go; exit 4 }', 'exit 4'] }],
);

tells(
  {
    id: 'process.vfork.fatal-sigterm-ends-the-waiting-parent',
    statement:
      'A parent that waits for its vfork child is ended at once by a SIGTERM that it neither catches nor ignores.',
    sources: [kernelSource('kernel/signal.c', 'complete_signal'), kernelSource('kernel/fork.c', 'wait_for_vfork_done')],
    tags: ['killable', ...tags],
    entries: ['FEX-05'],
  },
  {
    script: `fork parent2 { clone child CLONE_VFORK { open up; await never }; exit 5 }; await up; until D parent2; kill parent2 TERM; wait parent2; exit 0`,
    says: { main: ['until D parent2: D', 'kill parent2 TERM: 0', 'wait parent2: SIGTERM'] },
  },
  [{ what: 'its child ends', replace: ['kill parent2 TERM; wait', 'kill parent2 WINCH; open never; wait'] }],
);

tells(
  {
    id: 'process.vfork.signal-that-dumps-core-waits',
    statement:
      'A SIGQUIT whose default is to dump core leaves a parent that waits for its vfork child in state D; it ends the parent when the child has gone.',
    sources: [kernelSource('kernel/signal.c', 'complete_signal'), kernelSource('kernel/fork.c', 'wait_for_vfork_done')],
    tags: ['killable', ...tags],
    entries: ['FEX-05'],
  },
  {
    script: `fork parent2 { quietly { limit RLIMIT_CORE 0 }; clone child CLONE_VFORK { open up; await go; exit 0 }; exit 5 }; await up; until D parent2; kill parent2 QUIT; state parent2; open go; wait parent2; exit 0`,
    says: { main: ['until D parent2: D', 'kill parent2 QUIT: 0', 'state parent2: D', 'wait parent2: SIGQUIT'] },
  },
  [{ what: 'it is SIGTERM', replace: ['kill parent2 QUIT', 'kill parent2 TERM'] }],
);

tells(
  {
    id: 'process.fork.seccomp-and-nnp-are-inherited',
    statement: 'no_new_privs and seccomp filters are inherited by fork(2) and kept over execve(2).',
    sources: [man('seccomp(2)'), kernelSource('kernel/fork.c', 'copy_seccomp')],
    tags: ['seccomp', ...tags],
  },
  {
    script: `quietly { seccomp getsid errno }; fork child { call getsid 0; exec-actor { call getsid 0; field /proc/self/status NoNewPrivs; exit 0 } }; wait child; exit 0`,
    says: {
      child: ['call getsid 0: EPERM', 'call getsid 0: EPERM', 'field /proc/self/status NoNewPrivs: 1'],
      main: ['wait child: exit 0'],
    },
  },
  [{ what: 'another call is filtered', replace: ['seccomp getsid', 'seccomp getpgid'] }],
);

tells(
  {
    id: 'process.fork.memory-is-copied',
    statement:
      'A forked child has copies of memory and descriptors of its own: what it closes stays open in the parent.',
    sources: [man('fork(2)'), kernelSource('kernel/fork.c', 'copy_files')],
    tags,
  },
  {
    script: `quietly { open-file /proc/self/status O_RDONLY > fd }; fork child { call close $fd; call close $fd; exit 0 }; wait child; call close $fd; exit 0`,
    says: { child: ['call close $fd: 0', 'call close $fd: EBADF'], main: ['wait child: exit 0', 'call close $fd: 0'] },
  },
  [{ what: 'the parent closes it', replace: ['fork child {', 'call close $fd; fork child {'] }],
);

tells(
  {
    id: 'process.clone.into-cgroup-starts-there',
    statement: 'A child made with CLONE_INTO_CGROUP is a member of that cgroup from the start.',
    sources: [man('clone(2)', 'CLONE_INTO_CGROUP'), kernelSource('kernel/cgroup/cgroup.c', 'cgroup_css_set_fork')],
    tags: ['cgroup', ...tags],
    entries: ['FEX-13'],
  },
  {
    script: `mkdir /sys/fs/cgroup/into; quietly { open-file /sys/fs/cgroup/into O_RDONLY > fd }; clone child CLONE_INTO_CGROUP cgroup $fd { read /proc/self/cgroup; exit 3 }; wait child; rmdir /sys/fs/cgroup/into; exit 0`,
    says: {
      child: ['read /proc/self/cgroup: 0::/into'],
      main: ['mkdir /sys/fs/cgroup/into: 0', 'wait child: exit 3', 'rmdir /sys/fs/cgroup/into: 0'],
    },
  },
  [{ what: 'no flag', replace: ['clone child CLONE_INTO_CGROUP cgroup $fd', 'clone child 0'] }],
);

tells(
  {
    id: 'process.clone.parent-makes-a-sibling',
    statement:
      'With CLONE_PARENT the child becomes a sibling of the caller: it has its parent, is waited for by it alone, and ends with the exit signal of the caller.',
    sources: [man('clone(2)', 'CLONE_PARENT'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['clone', ...tags],
  },
  {
    as: 'init',
    script: `quietly { block USR1 CHLD };
      clone child 0 exit USR1 { clone sibling CLONE_PARENT exit 0 { await go; parent; exit 3 }; wait sibling __WALL; exit 2 };
      wait child __WALL; sigpoll USR1; open go; waitid P_ALL 0 WEXITED|__WALL; sigpoll USR1; sigpoll CHLD; exit 0`,
    says: {
      child: ['wait sibling __WALL: ECHILD'],
      sibling: ['parent: 1'],
      main: [
        'wait child: exit 2',
        'sigpoll USR1: USR1 1',
        'waitid P_ALL 0 WEXITED|__WALL: CLD_EXITED 3 from 3',
        'sigpoll USR1: USR1 1',
        'sigpoll CHLD: EAGAIN',
      ],
    },
  },
  [
    {
      what: 'without CLONE_PARENT',
      replace: ['clone sibling CLONE_PARENT exit 0 { await go', 'clone sibling 0 { await go'],
    },
  ],
);

tells(
  {
    id: 'process.clone.parent-is-refused-to-a-namespace-init',
    statement:
      'CLONE_PARENT is EINVAL for the init of a pid namespace: it can have no sibling; its children may use it.',
    sources: [man('clone(2)', 'CLONE_PARENT'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['clone', 'init', ...tags],
    entries: ['FEX-10'],
  },
  {
    as: 'init',
    script: `clone sibling CLONE_PARENT exit 0 { exit 3 }; fork child { clone nephew CLONE_PARENT exit 0 { exit 4 }; exit 2 }; wait child; wait any; exit 0`,
    says: { main: ['clone sibling CLONE_PARENT exit 0: EINVAL', 'wait child: exit 2', 'wait: exit 4'] },
  },
  [
    {
      what: 'the child does',
      replace: [
        'clone sibling CLONE_PARENT exit 0 { exit 3 };',
        'fork x { clone sibling CLONE_PARENT exit 0 { exit 3 }; exit 1 }; wait x;',
      ],
    },
  ],
);
