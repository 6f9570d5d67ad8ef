/** What a pidfd shows of its process: poll(2), fdinfo, its inode. */
import { actor, byKernel, commit, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const polls = kernelSource('fs/pidfs.c', 'pidfd_poll');
const tags = ['pidfd'];

tells(
  {
    id: 'pidfd.poll.is-readable-when-it-has-ended',
    statement: 'A pidfd is not readable while its process lives, and POLLIN when it is a zombie.',
    sources: [man('pidfd_open(2)', 'poll'), polls],
    tags: ['zombie', ...tags],
    entries: ['PFD-04'],
  },
  {
    script: 'clone child CLONE_PIDFD { await go; exit 3 }; poll $child; open go; until Z child; poll $child; exit 0',
    says: { main: ['poll $child: nothing', 'until Z child: Z', 'poll $child: POLLIN'] },
  },
  [{ what: 'it ends at once', replace: ['{ await go; exit 3 }; poll', '{ exit 3 }; until Z child; poll'] }],
);

tells(
  {
    id: 'pidfd.poll.wakes-who-waits',
    statement: 'Whoever sleeps in poll(2) or epoll_wait(2) on a pidfd is woken when its process ends.',
    sources: [man('pidfd_open(2)', 'poll'), kernelSource('kernel/exit.c', 'do_notify_pidfd')],
    tags,
    entries: ['PFD-04'],
  },
  {
    script: `clone child CLONE_PIDFD { await go; exit 3 }; quietly { channel epoll e $child };
      fork one { enter poll $child; exit 0 }; fork two { enter epoll_wait $e; exit 0 }; until-in poll one; until-in epoll_wait two; open go; wait one; wait two; wait child; exit 0`,
    says: {
      one: ['enter poll $child: in'],
      two: ['enter epoll_wait $e: in'],
      main: [
        'until-in poll one: poll',
        'until-in epoll_wait two: epoll_wait',
        'wait one: exit 0',
        'wait two: exit 0',
        'wait child: exit 3',
      ],
    },
  },
  [{ what: 'it ends before', replace: ['{ await go; exit 3 }; quietly {', '{ exit 3 }; quietly { until Z child;'] }],
);

spec(
  {
    id: 'pidfd.poll.of-a-thread-wakes-who-waits',
    statement:
      'Whoever sleeps in poll(2) on the pidfd of a thread is woken when that thread ends, also while a tracer has yet to wait for it; up to 6.8 no pidfd is one of a thread.',
    sources: [man('pidfd_open(2)', 'PIDFD_THREAD'), kernelSource('kernel/exit.c', 'exit_notify')],
    tags: ['thread', ...tags],
    entries: ['PFD-04'],
    expected: byKernel(
      { '<6.9': 'EINVAL', '>=6.9': 'in' },
      { '>=6.9': { commit: '64bef697d33b', title: 'pidfd: implement PIDFD_THREAD flag for pidfd_open()' } },
    ),
  },
  async ({ guest, expect, expected }) => {
    const open = 'thread t { await go }; call pidfd_open t PIDFD_THREAD > p';
    if (expected === 'EINVAL') {
      const fixture = await guest.process(actor(`${open}; exit 0`));
      expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
      expect(fixture.transcript().at(-1)).toBe('call pidfd_open t PIDFD_THREAD: EINVAL');
      return;
    }
    const fixture = await guest.process(
      actor(`${open}; fork tracer { quietly { call ptrace PTRACE_SEIZE t 0 0 }; open traced; await seen; exit 0 }; await traced;
        fork waiter { enter poll $p; exit 0 }; until-in poll waiter; open go; wait waiter; open seen; wait tracer; exit 0`),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript('waiter')).toEqual([`enter poll $p: ${expected}`]);
    expect(fixture.transcript().slice(-3)).toEqual([
      'until-in poll waiter: poll',
      'wait waiter: exit 0',
      'wait tracer: exit 0',
    ]);
  },
  [{ what: 'it ends before', replace: ['thread t { await go }', 'thread t { mask }'] }],
);

tells(
  {
    id: 'pidfd.poll.of-a-main-thread-that-ends-first',
    statement:
      'The pidfd of a main thread that ends before its other threads is readable only when the last of them has ended; up to 6.8 no pidfd is one of a thread.',
    sources: [
      man('pidfd_open(2)', 'PIDFD_THREAD'),
      kernelSource('kernel/exit.c', 'exit_notify'),
      commit('0fb482728ba1', 'pidfs: improve multi-threaded exec and premature thread-group leader exit polling'),
    ],
    tags: ['thread', ...tags],
    entries: ['PFD-05'],
    expected: byKernel(
      { '<6.9': 'EINVAL', '>=6.9': 'POLLIN POLLHUP' },
      { '>=6.9': { commit: '64bef697d33b', title: 'pidfd: implement PIDFD_THREAD flag for pidfd_open()' } },
    ),
  },
  {
    script:
      'fork child { thread t { await go; exit 3 }; open up; exit-thread 0 }; quietly { await up; until Z child }; call pidfd_open child PIDFD_THREAD > p; poll $p; open go; wait child; poll $p; exit 0',
    says: (atTheEnd) => ({
      main: [
        `call pidfd_open child PIDFD_THREAD: ${atTheEnd === 'EINVAL' ? 'EINVAL' : '0'}`,
        'poll $p: nothing',
        'wait child: exit 3',
        `poll $p: ${atTheEnd === 'EINVAL' ? 'nothing' : atTheEnd}`,
      ],
    }),
  },
  [
    { what: 'there is no other thread', replace: ['thread t { await go; exit 3 };', 'quietly { runs USR1 };'] },
    { what: 'nobody waits for it', replace: ['wait child;', 'until Z child;'] },
  ],
);

tells(
  {
    id: 'pidfd.poll.hangs-up-when-it-was-waited-for',
    statement: 'A pidfd of a process that was waited for is POLLIN, and POLLHUP too from 6.9 on.',
    sources: [man('pidfd_open(2)', 'poll'), polls],
    tags,
    entries: ['PFD-04'],
    expected: byKernel(
      { '<6.9': 'POLLIN', '>=6.9': 'POLLIN POLLHUP' },
      { '>=6.9': { commit: '43f0df54c96f', title: 'pidfd_poll: report POLLHUP when pid_task() == NULL' } },
    ),
  },
  {
    script: 'clone child CLONE_PIDFD { exit 3 }; wait child; poll $child; exit 0',
    says: (events) => ({ main: ['wait child: exit 3', `poll $child: ${events}`] }),
  },
  [{ what: 'it lives', replace: ['{ exit 3 }; wait child;', '{ pause }; wait child WNOHANG;'] }],
);

tells(
  {
    id: 'pidfd.poll.waits-for-the-last-thread',
    statement: 'A pidfd of a process whose leader has ended is not readable before its last thread has ended.',
    sources: [man('pidfd_open(2)'), polls],
    tags: ['thread', ...tags],
    entries: ['PFD-05'],
  },
  {
    script:
      'clone child CLONE_PIDFD { thread other { until Z self; open dead; await end; exit 7 }; exit-thread 3 }; await dead; poll $child; open end; wait child; exit 0',
    says: { main: ['poll $child: nothing', 'wait child: exit 7'] },
  },
  [
    {
      what: 'there is no other thread',
      replace: [
        'thread other { until Z self; open dead; await end; exit 7 }; exit-thread 3 }; await dead;',
        'exit 7 }; until Z child;',
      ],
    },
  ],
);

tells(
  {
    id: 'pidfd.fdinfo.tells-the-pid-and-minus-one',
    statement: 'fdinfo of a pidfd has the pid, and −1 once the process was waited for.',
    sources: [man('pidfd_open(2)'), kernelSource('fs/pidfs.c', 'pidfd_show_fdinfo')],
    tags: ['proc', ...tags],
    entries: ['PFD-09'],
  },
  {
    as: 'init',
    script:
      'clone child CLONE_PIDFD { await go; exit 3 }; field /proc/self/fdinfo/@$child Pid; field /proc/self/fdinfo/@$child NSpid; open go; wait child; field /proc/self/fdinfo/@$child Pid; exit 0',
    says: {
      main: [
        'field /proc/self/fdinfo/@$child Pid: 2',
        'field /proc/self/fdinfo/@$child NSpid: 2',
        'wait child: exit 3',
        'field /proc/self/fdinfo/@$child Pid: -1',
      ],
    },
  },
  [{ what: 'it is not waited for', replace: ['wait child;', 'until Z child;'] }],
);

tells(
  {
    id: 'pidfd.fdinfo.has-a-column-for-each-level',
    statement:
      'NSpid in fdinfo of a pidfd has the pid in each namespace from that of the procfs down to the innermost.',
    sources: [man('pidfd_open(2)'), kernelSource('fs/pidfs.c', 'pidfd_show_fdinfo')],
    tags: ['proc', 'pidns', ...tags],
    entries: ['PFD-09'],
  },
  {
    as: 'init',
    script:
      'clone child CLONE_PIDFD|CLONE_NEWPID { pause }; field /proc/self/fdinfo/@$child Pid; field /proc/self/fdinfo/@$child NSpid; exit 0',
    says: { main: ['field /proc/self/fdinfo/@$child Pid: 2', 'field /proc/self/fdinfo/@$child NSpid: 2 1'] },
  },
  [{ what: 'it is in no other', replace: ['CLONE_PIDFD|CLONE_NEWPID', 'CLONE_PIDFD|CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'pidfd.fdinfo.of-a-process-out-of-sight-is-0',
    statement: 'fdinfo of a pidfd says pid 0 where the process has none: in the procfs of a descendant namespace.',
    sources: [man('pidfd_open(2)'), kernelSource('fs/pidfs.c', 'pidfd_show_fdinfo')],
    tags: ['proc', 'pidns', ...tags],
    entries: ['PFD-09'],
  },
  {
    as: 'init',
    script:
      'quietly { call pidfd_open self 0 > me }; clone inner CLONE_NEWPID|CLONE_NEWNS { quietly { mount-proc }; field /proc/self/fdinfo/@$me Pid; field /proc/self/fdinfo/@$me NSpid; exit 5 }; wait inner; exit 0',
    says: {
      inner: ['field /proc/self/fdinfo/@$me Pid: 0', 'field /proc/self/fdinfo/@$me NSpid: 0'],
      main: ['wait inner: exit 5'],
    },
  },
  [{ what: 'it is seen from its own', replace: ['quietly { mount-proc }', 'quietly { mask }'] }],
);

tells(
  {
    id: 'pidfd.pidfs.has-an-inode-for-each-process',
    statement:
      'From 6.9 on pidfds of different processes have different inodes, of the same process the same; before, all share one.',
    sources: [kernelSource('fs/pidfs.c', 'pidfs_alloc_file')],
    tags,
    entries: ['PFD-10'],
    expected: byKernel(
      { '<6.9': ['same', 'same'], '>=6.9': ['same', 'different'] },
      { '>=6.9': { commit: 'cb12fd8e0dab', title: 'pidfd: add pidfs' } },
    ),
  },
  {
    script:
      'fork child { pause }; quietly { call pidfd_open self 0 > a; call pidfd_open self 0 > b; call pidfd_open child 0 > c }; inode $a $b; inode $a $c; exit 0',
    says: ([own, other]) => ({ main: [`inode $a $b: ${own ?? ''}`, `inode $a $c: ${other ?? ''}`] }),
  },
  [{ what: 'an ordinary file', replace: ['call pidfd_open self 0 > b', 'open-file /proc/self/status O_RDONLY > b'] }],
);

spec(
  {
    id: 'pidfd.pidfs.is-a-file-system-of-its-own',
    statement:
      'statfs(2) says of a pidfd that it is of pidfs (0x50494446) from 6.9 on, of anon_inodefs (0x9041934) before.',
    sources: [man('statfs(2)'), kernelSource('fs/pidfs.c', 'pidfs_init_fs_context')],
    tags,
    entries: ['PFD-10'],
    expected: byKernel(
      { '<6.9': '9041934', '>=6.9': '50494446' },
      { '>=6.9': { commit: 'cb12fd8e0dab', title: 'pidfd: add pidfs' } },
    ),
  },
  async ({ guest, expect, expected, observe }) => {
    const fixture = await guest.process(actor('call pidfd_open self 0; ready; pause'));
    await fixture.ready();
    const { result } = await fixture.event({ ev: 'call', about: 'pidfd_open self 0' });
    const { stdout } = await guest.exec(`stat -f -c %t /proc/${fixture.hostPid}/fd/${result}`);
    observe(stdout.trim());
    expect(stdout.trim()).toBe(expected);
  },
  [{ what: 'it is a file of /proc', replace: ['/fd/', '/fdinfo/'] }],
);
