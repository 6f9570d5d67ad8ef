/** Where pidfds come from and what they are good for: pidfd_open(2), clone(2) CLONE_PIDFD, pidfd_getfd(2). */
import { actor, byKernel, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const open = [man('pidfd_open(2)'), kernelSource('kernel/pid.c', '__do_sys_pidfd_open')];
const tags = ['pidfd'];

tells(
  {
    id: 'pidfd.open.refuses-bad-arguments',
    statement: 'pidfd_open(2) of a pid below 1 or with an unknown flag is EINVAL, of one that nobody has ESRCH.',
    sources: open,
    tags,
    entries: ['PFD-01'],
  },
  {
    script:
      'call pidfd_open 0 0; call pidfd_open -1 0; call pidfd_open self 0x40000000; call pidfd_open 4194000 0; call pidfd_open self 0 > fd; exit 0',
    says: {
      main: [
        'call pidfd_open 0 0: EINVAL',
        'call pidfd_open -1 0: EINVAL',
        'call pidfd_open self 0x40000000: EINVAL',
        'call pidfd_open 4194000 0: ESRCH',
        'call pidfd_open self 0: 0',
      ],
    },
  },
  [{ what: 'a good pid', replace: ['pidfd_open 0 0', 'pidfd_open self 0'] }],
);

tells(
  {
    id: 'pidfd.open.of-a-zombie',
    statement: 'pidfd_open(2) of a zombie works, and is ESRCH once it was waited for. The descriptor is close-on-exec.',
    sources: open,
    tags: ['zombie', ...tags],
    entries: ['PFD-01'],
  },
  {
    script:
      'fork child { exit 3 }; until Z child; call pidfd_open child 0 > fd; call fcntl $fd 1 0; wait child; call pidfd_open child 0; exit 0',
    says: {
      main: [
        'until Z child: Z',
        'call pidfd_open child 0: 0',
        'call fcntl $fd 1 0: 1',
        'wait child: exit 3',
        'call pidfd_open child 0: ESRCH',
      ],
    },
  },
  [{ what: 'it was waited for', replace: ['until Z child;', 'until Z child; wait child;'] }],
);

tells(
  {
    id: 'pidfd.open.of-a-thread',
    statement: 'pidfd_open(2) of a thread that is no leader, without PIDFD_THREAD, is EINVAL; ENOENT from 6.16 on.',
    sources: open,
    tags: ['thread', 'errata', ...tags],
    entries: ['PFD-02'],
    expected: byKernel(
      { '<6.16': 'EINVAL', '>=6.16': 'ENOENT' },
      { '>=6.16': { commit: '8cf4b738f6d8', title: "pidfd: improve uapi when task isn't found" } },
    ),
  },
  {
    script: 'thread other { await never }; call pidfd_open other 0; exit 0',
    says: (error) => ({ main: [`call pidfd_open other 0: ${error}`] }),
  },
  [
    {
      what: 'the leader is meant',
      replace: ['thread other { await never };', 'fork other { pause };'],
    },
  ],
);

tells(
  {
    id: 'pidfd.open.thread-flag',
    statement: 'PIDFD_THREAD opens a pidfd of any thread; up to 6.1 it is EINVAL.',
    sources: open,
    tags: ['thread', ...tags],
    entries: ['PFD-03'],
    expected: byKernel(
      { '<6.9': 'EINVAL', '>=6.9': '0' },
      { '>=6.9': { commit: '64bef697d33b', title: 'pidfd: implement PIDFD_THREAD flag for pidfd_open()' } },
    ),
  },
  {
    script: 'thread other { await never }; call pidfd_open other PIDFD_THREAD > fd; exit 0',
    says: (outcome) => ({ main: [`call pidfd_open other PIDFD_THREAD: ${outcome}`] }),
  },
  [{ what: 'nobody has that pid', replace: ['pidfd_open other', 'pidfd_open 4194000'] }],
);

tells(
  {
    id: 'pidfd.close.does-nothing-to-the-process',
    statement: 'Closing a pidfd does nothing to its process.',
    sources: open,
    tags,
    entries: ['PFD-20'],
  },
  {
    script:
      'clone child CLONE_PIDFD { await go; exit 4 }; call close $child; kill child 0; open go; wait child; exit 0',
    says: { main: ['call close $child: 0', 'kill child 0: 0', 'wait child: exit 4'] },
  },
  [{ what: 'it is killed', replace: ['call close $child;', 'call close $child; kill child KILL;'] }],
);

tells(
  {
    id: 'pidfd.getfd.needs-a-living-process',
    statement: 'pidfd_getfd(2) copies a descriptor of the process; EBADF for one it has not, ESRCH when it has ended.',
    sources: [man('pidfd_getfd(2)', 'ERRORS'), kernelSource('kernel/pid.c', 'pidfd_getfd')],
    tags,
    entries: ['PFD-22'],
  },
  {
    script:
      'clone child CLONE_PIDFD { await go; exit 4 }; call pidfd_getfd $child 1 0 > copy; call pidfd_getfd $child 777 0; call pidfd_getfd $child 1 1; open go; until Z child; call pidfd_getfd $child 1 0; wait child; call pidfd_getfd $child 1 0; exit 0',
    says: {
      main: [
        'call pidfd_getfd $child 1 0: 0',
        'call pidfd_getfd $child 777 0: EBADF',
        'call pidfd_getfd $child 1 1: EINVAL',
        'until Z child: Z',
        'call pidfd_getfd $child 1 0: ESRCH',
        'wait child: exit 4',
        'call pidfd_getfd $child 1 0: ESRCH',
      ],
    },
  },
  [{ what: 'the descriptor is there', replace: ['$child 777 0', '$child 2 0'] }],
);

tells(
  {
    id: 'pidfd.getfd.needs-the-right-to-trace',
    statement: 'pidfd_getfd(2) of a process that the caller may not trace is EPERM.',
    sources: [man('pidfd_getfd(2)', 'ERRORS'), kernelSource('kernel/pid.c', '__pidfd_fget')],
    tags: ['permission', ...tags],
    entries: ['PFD-22'],
  },
  {
    script:
      'clone child CLONE_PIDFD { pause }; fork user { quietly { call setresuid 3000 3000 3000 }; call pidfd_getfd $child 1 0; exit 4 }; wait user; exit 0',
    says: { user: ['call pidfd_getfd $child 1 0: EPERM'], main: ['wait user: exit 4'] },
  },
  [{ what: 'the user stays root', replace: ['call setresuid 3000 3000 3000', 'call setresuid 0 0 0'] }],
);

tells(
  {
    id: 'pidfd.getfd.is-the-same-open-file',
    statement:
      'What pidfd_getfd(2) gives is the open file of that process under another number, close-on-exec, and outlives the process.',
    sources: [man('pidfd_getfd(2)'), kernelSource('kernel/pid.c', 'pidfd_getfd')],
    tags,
    entries: ['PFD-22'],
  },
  {
    // They are closed here: what has these numbers is the child's alone.
    script: `quietly { pipe p }; clone child CLONE_PIDFD { pause }; quietly { call close $p.r; call close $p.w }; call pidfd_getfd $child $p.r 0 > r; call pidfd_getfd $child $p.w 0 > w;
      inode $r $w; call fcntl $w 1 0; kill child KILL; wait child; at-end $r; call close $w; at-end $r; exit 0`,
    says: {
      main: [
        'call pidfd_getfd $child $p.r 0: 0',
        'call pidfd_getfd $child $p.w 0: 0',
        'inode $r $w: same',
        'call fcntl $w 1 0: 1',
        'kill child KILL: 0',
        'wait child: SIGKILL',
        'at-end $r: open',
        'call close $w: 0',
        'at-end $r: end of file',
      ],
    },
  },
  [
    {
      what: 'somebody else holds the pipe',
      replace: ['clone child CLONE_PIDFD { pause };', 'fork other { pause }; clone child CLONE_PIDFD { pause };'],
    },
    { what: 'they are of two pipes', replace: ['$child $p.w 0 > w', '$child 1 0 > w'] },
  ],
);

tells(
  {
    id: 'pidfd.mrelease.needs-a-dying-process',
    statement: 'process_mrelease(2) of a process that is not dying is EINVAL; 5.10 has no such call: ENOSYS.',
    sources: [kernelSource('mm/oom_kill.c', '__do_sys_process_mrelease')],
    tags,
    entries: ['PFD-21'],
    expected: byKernel(
      { '<5.15': 'ENOSYS', '>=5.15': 'EINVAL' },
      { '>=5.15': { commit: '884a7e5964e0', title: 'mm: introduce process_mrelease system call' } },
    ),
  },
  {
    script: 'clone child CLONE_PIDFD { pause }; call process_mrelease $child 0; exit 0',
    says: (error) => ({ main: [`call process_mrelease $child 0: ${error}`] }),
  },
  [
    {
      what: 'a descriptor that is none',
      replace: ['call process_mrelease $child 0', 'call close 777'],
    },
  ],
);

tells(
  {
    id: 'pidfd.clone.with-a-thread',
    statement: 'CLONE_PIDFD together with CLONE_THREAD works from 6.9 on; before it is EINVAL.',
    sources: [man('clone(2)', 'CLONE_PIDFD'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['thread', ...tags],
    entries: ['PFD-16'],
    expected: byKernel(
      { '<6.9': 'EINVAL', '>=6.9': 'EFAULT' },
      { '>=6.9': { commit: '83b290c9e3b5', title: 'pidfd: clone: allow CLONE_THREAD | CLONE_PIDFD together' } },
    ),
  },
  {
    script: 'clone-nowhere CLONE_THREAD|CLONE_SIGHAND|CLONE_VM|CLONE_PIDFD; exit 0',
    says: (error) => ({ main: [`clone-nowhere CLONE_THREAD|CLONE_SIGHAND|CLONE_VM|CLONE_PIDFD: ${error}`] }),
  },
  [
    {
      what: 'the flags are others',
      replace: ['CLONE_THREAD|CLONE_SIGHAND|CLONE_VM|CLONE_PIDFD; exit', 'CLONE_NEWNS|CLONE_FS; call close 777; exit'],
    },
  ],
);

for (const { name, number, since, commit, title, entries } of [
  {
    name: 'thread',
    number: 'PIDFD_SELF',
    since: '6.15',
    commit: 'f08d0c3a7111',
    title: 'pidfd: add PIDFD_SELF* sentinels to refer to own thread/process',
    entries: ['PFD-14'],
  },
  {
    name: 'process',
    number: 'PIDFD_SELF_PROCESS',
    since: '6.17',
    commit: '67fcec2919e4',
    title: 'fcntl/pidfd: redefine PIDFD_SELF_THREAD_GROUP',
    entries: ['PFD-14'],
  },
]) {
  tells(
    {
      id: `pidfd.self.${name}`,
      statement: `The pseudo descriptor for one’s own ${name} works from ${since} on; before it is EBADF.`,
      sources: [kernelSource('kernel/signal.c', '__do_sys_pidfd_send_signal')],
      tags,
      entries,
      expected: byKernel({ [`<${since}`]: 'EBADF', [`>=${since}`]: '0' }, { [`>=${since}`]: { commit, title } }),
    },
    {
      script: `call pidfd_send_signal ${number} 0 0 0; exit 0`,
      says: (outcome) => ({ main: [`call pidfd_send_signal ${number} 0 0 0: ${outcome}`] }),
    },
    [
      {
        what: 'another call',
        replace: [`call pidfd_send_signal ${number} 0 0 0`, 'call kill self 65'],
      },
    ],
  );
}

spec(
  {
    id: 'pidfd.clone.autokill-ends-the-child',
    statement:
      'From 7.1 on a child made with CLONE_PIDFD_AUTOKILL is killed when its pidfd is closed; before, the flag is EINVAL.',
    sources: [kernelSource('fs/pidfs.c', 'pidfs_file_release'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['clone', ...tags],
    entries: ['FEX-16'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'ESRCH' }),
  },
  async ({ guest, expect, expected }) => {
    const born = 'clone child CLONE_PIDFD|CLONE_AUTOREAP|CLONE_NNP|CLONE_PIDFD_AUTOKILL exit 0 { pause }';
    const closed = 'call close $child; quietly { until-gone child }; kill child 0';
    const fixture = await guest.process(actor(`${born}; ${expected === 'EINVAL' ? '' : closed}; exit 0`), {
      endAll: true,
    });
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript().at(-1)).toMatch(new RegExp(`^(clone|kill) child .*: ${expected}$`));
  },
  [
    {
      what: 'without the flag',
      replace: ['|CLONE_AUTOREAP|CLONE_NNP|CLONE_PIDFD_AUTOKILL exit 0 { pause }', ' { exit 0 }; exit 1'],
    },
  ],
);

const autokillSince = { commit: 'c8134b5f13ae', title: 'pidfd: add CLONE_PIDFD_AUTOKILL' };
const autokill = 'CLONE_PIDFD|CLONE_AUTOREAP|CLONE_NNP|CLONE_PIDFD_AUTOKILL exit 0';

spec(
  {
    id: 'pidfd.clone.autokill-is-a-sigkill',
    statement:
      'What ends the child of CLONE_PIDFD_AUTOKILL when the pidfd and its copies are closed is SIGKILL; up to 7.0 the flag is EINVAL.',
    sources: [kernelSource('fs/pidfs.c', 'pidfs_file_release')],
    tags: ['clone', ...tags],
    entries: ['FEX-16'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'status 9' }, { '>=7.1': autokillSince }),
  },
  async ({ guest, expect, expected }) => {
    const closed = `call pidfd_open child 0 > other; call dup $child > copy; call close $child; call close $copy; until-gone child; exit-info $other`;
    const fixture = await guest.process(
      actor(`clone child ${autokill} { pause }; ${expected === 'EINVAL' ? '' : closed}; exit 0`),
      { endAll: true },
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript().at(-1)).toBe(
      expected === 'EINVAL' ? `clone child ${autokill}: EINVAL` : `exit-info $other: ${expected}`,
    );
  },
  [{ what: 'it is sent SIGTERM', replace: ['call close $child; call', 'kill child TERM; call'] }],
);

spec(
  {
    id: 'pidfd.clone.autokill-waits-for-the-last-copy',
    statement:
      'As long as a copy of its pidfd is open, the child of CLONE_PIDFD_AUTOKILL is left alone; other pidfds of it do not count. Up to 7.0 the flag is EINVAL.',
    sources: [kernelSource('fs/pidfs.c', 'pidfs_file_release'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['clone', ...tags],
    entries: ['FEX-16'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'status 768' }, { '>=7.1': autokillSince }),
  },
  async ({ guest, expect, expected }) => {
    // Were it killed, it could not get as far as its own end.
    const copied = `call dup $child > copy; call pidfd_open child 0 > other; call close $child; call close $other; open go; until-gone child; exit-info $copy`;
    const fixture = await guest.process(
      actor(`clone child ${autokill} { await go; exit 3 }; ${expected === 'EINVAL' ? '' : copied}; exit 0`),
      { endAll: true },
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript().at(-1)).toBe(
      expected === 'EINVAL' ? `clone child ${autokill}: EINVAL` : `exit-info $copy: ${expected}`,
    );
  },
  [{ what: 'it is no copy', replace: ['call dup $child > copy', 'call pidfd_open child 0 > copy'] }],
);

tells(
  {
    id: 'pidfd.clone.autokill-needs-a-pidfd-and-autoreap',
    statement:
      'CLONE_PIDFD_AUTOKILL without CLONE_PIDFD or without CLONE_AUTOREAP is EINVAL; up to 7.0 it is with both, too.',
    sources: [kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['clone', ...tags],
    entries: ['FEX-16'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'works' }, { '>=7.1': autokillSince }),
  },
  {
    script: `clone a CLONE_AUTOREAP|CLONE_NNP|CLONE_PIDFD_AUTOKILL exit 0 { exit 3 }; clone b CLONE_PIDFD|CLONE_NNP|CLONE_PIDFD_AUTOKILL exit 0 { exit 3 }; clone c ${autokill} { exit 3 }; exit 0`,
    says: (withBoth) => ({
      main: [
        'clone a CLONE_AUTOREAP|CLONE_NNP|CLONE_PIDFD_AUTOKILL exit 0: EINVAL',
        'clone b CLONE_PIDFD|CLONE_NNP|CLONE_PIDFD_AUTOKILL exit 0: EINVAL',
        ...(withBoth === 'EINVAL' ? [`clone c ${autokill}: EINVAL`] : []),
      ],
    }),
  },
  [
    { what: 'there is a pidfd', replace: ['a CLONE_AUTOREAP', 'a CLONE_PIDFD|CLONE_AUTOREAP'] },
    { what: 'it reaps itself', replace: ['b CLONE_PIDFD', 'b CLONE_AUTOREAP|CLONE_PIDFD'] },
  ],
);

tells(
  {
    id: 'pidfd.clone.autokill-needs-nnp-or-a-capability',
    statement:
      'CLONE_PIDFD_AUTOKILL without CLONE_NNP is EPERM without CAP_SYS_ADMIN; root may do without. Up to 7.0 the flag is EINVAL.',
    sources: [kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['clone', 'permission', ...tags],
    entries: ['FEX-16'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'EPERM' }, { '>=7.1': autokillSince }),
  },
  {
    script: `clone a CLONE_PIDFD|CLONE_AUTOREAP|CLONE_PIDFD_AUTOKILL exit 0 { exit 3 };
      fork user { quietly { call setresuid 3000 3000 3000 }; clone b CLONE_PIDFD|CLONE_AUTOREAP|CLONE_PIDFD_AUTOKILL exit 0 { exit 3 }; clone c ${autokill} { exit 3 }; exit 0 }; wait user; exit 0`,
    says: (error) => ({
      main: [
        ...(error === 'EINVAL' ? ['clone a CLONE_PIDFD|CLONE_AUTOREAP|CLONE_PIDFD_AUTOKILL exit 0: EINVAL'] : []),
        'wait user: exit 0',
      ],
      user: [
        `clone b CLONE_PIDFD|CLONE_AUTOREAP|CLONE_PIDFD_AUTOKILL exit 0: ${error}`,
        ...(error === 'EINVAL' ? [`clone c ${autokill}: EINVAL`] : []),
      ],
    }),
  },
  [{ what: 'the user is root', replace: ['call setresuid 3000 3000 3000', 'call setresuid 0 0 0'] }],
);

tells(
  {
    id: 'pidfd.clone.autokill-takes-a-capability-of-its-user-namespace',
    statement:
      'CAP_SYS_ADMIN in a user namespace of its own is enough for CLONE_PIDFD_AUTOKILL without CLONE_NNP; up to 7.0 the flag is EINVAL.',
    sources: [kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['clone', 'permission', 'container', ...tags],
    entries: ['FEX-16'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'works' }, { '>=7.1': autokillSince }),
  },
  {
    script: `fork user { quietly { call setresuid 3000 3000 3000; call unshare CLONE_NEWUSER }; clone child CLONE_PIDFD|CLONE_AUTOREAP|CLONE_PIDFD_AUTOKILL exit 0 { exit 3 }; exit 0 }; wait user; exit 0`,
    says: (outcome) => ({
      user: outcome === 'works' ? [] : ['clone child CLONE_PIDFD|CLONE_AUTOREAP|CLONE_PIDFD_AUTOKILL exit 0: EINVAL'],
      main: ['wait user: exit 0'],
    }),
  },
  [{ what: 'no user namespace', replace: ['; call unshare CLONE_NEWUSER', ''] }],
);
