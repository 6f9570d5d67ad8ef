/** A child that nobody waits for: CLONE_AUTOREAP. (kernel/fork.c copy_process(), kernel/exit.c exit_notify()) */
import { actor, byKernel, kernelSource, spec, tells } from '../../src/harness/index.ts';

const tags = ['birth'];

tells(
  {
    id: 'process.clone.autoreap-with-an-exit-signal-is-refused',
    statement: 'CLONE_AUTOREAP with an exit signal is EINVAL on every kernel.',
    sources: [kernelSource('kernel/fork.c', 'copy_process')],
    tags,
    entries: ['FEX-14'],
  },
  { script: 'clone child CLONE_AUTOREAP { exit 0 }; exit 0', says: { main: ['clone child CLONE_AUTOREAP: EINVAL'] } },
  [{ what: 'no flag', replace: ['CLONE_AUTOREAP', '0'] }],
);

const autoreapSince = { commit: '12ae2c81b21c', title: 'clone: add CLONE_AUTOREAP' };

tells(
  {
    id: 'process.clone.autoreap-is-refused-to-threads-and-siblings',
    statement: 'CLONE_AUTOREAP together with CLONE_PARENT or CLONE_THREAD is EINVAL on every kernel.',
    sources: [kernelSource('kernel/fork.c', 'copy_process')],
    tags,
    entries: ['FEX-14'],
  },
  {
    script: `fork maker { clone sibling CLONE_AUTOREAP|CLONE_PARENT exit 0 { exit 3 }; clone-nowhere CLONE_AUTOREAP|CLONE_THREAD|CLONE_SIGHAND|CLONE_VM|CLONE_PIDFD; exit 0 }; wait maker; exit 0`,
    says: {
      maker: [
        'clone sibling CLONE_AUTOREAP|CLONE_PARENT exit 0: EINVAL',
        'clone-nowhere CLONE_AUTOREAP|CLONE_THREAD|CLONE_SIGHAND|CLONE_VM|CLONE_PIDFD: EINVAL',
      ],
      main: ['wait maker: exit 0'],
    },
  },
  [
    { what: 'the sibling is an ordinary one', replace: ['CLONE_AUTOREAP|CLONE_PARENT', 'CLONE_PARENT'] },
    { what: 'the thread is an ordinary one', replace: ['CLONE_AUTOREAP|CLONE_THREAD', 'CLONE_THREAD'] },
  ],
);

tells(
  {
    id: 'process.clone.autoreap-child-makes-no-siblings',
    statement: 'CLONE_PARENT is EINVAL for a process made with CLONE_AUTOREAP; up to 7.0 that flag is.',
    sources: [kernelSource('kernel/fork.c', 'copy_process')],
    tags,
    entries: ['FEX-14'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'works' }, { '>=7.1': autoreapSince }),
  },
  {
    script: `clone child CLONE_AUTOREAP exit 0 { clone sibling CLONE_PARENT exit 0 { exit 3 }; exit 4 }; wait any __WALL; exit 0`,
    says: (outcome) =>
      outcome === 'works'
        ? { child: ['clone sibling CLONE_PARENT exit 0: EINVAL'], main: ['wait any __WALL: ECHILD'] }
        : { child: [], main: ['clone child CLONE_AUTOREAP exit 0: EINVAL', 'wait any __WALL: ECHILD'] },
  },
  [{ what: 'no flag', replace: ['clone child CLONE_AUTOREAP', 'clone child 0'] }],
);

tells(
  {
    id: 'process.clone.autoreap-is-not-inherited',
    statement:
      'The children of a CLONE_AUTOREAP child are ordinary ones: they send SIGCHLD and are waited for; up to 7.0 the flag is EINVAL.',
    sources: [kernelSource('kernel/fork.c', 'copy_process')],
    tags,
    entries: ['FEX-14'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'works' }, { '>=7.1': autoreapSince }),
  },
  {
    script: `clone child CLONE_AUTOREAP exit 0 { quietly { block CHLD }; fork own { exit 4 }; wait own; pending; exit 3 }; wait any __WALL; exit 0`,
    says: (outcome) =>
      outcome === 'works'
        ? { child: ['wait own: exit 4', 'pending: CHLD'], main: ['wait any __WALL: ECHILD'] }
        : { child: [], main: ['clone child CLONE_AUTOREAP exit 0: EINVAL', 'wait any __WALL: ECHILD'] },
  },
  [{ what: 'it has the flag, too', replace: ['fork own { exit 4 }', 'clone own CLONE_AUTOREAP exit 0 { exit 4 }'] }],
);

tells(
  {
    id: 'process.clone.autoreap-outlives-the-parent',
    statement:
      'A CLONE_AUTOREAP child whose parent has ended leaves nothing to the subreaper either: no SIGCHLD, no zombie; up to 7.0 the flag is EINVAL.',
    sources: [kernelSource('kernel/signal.c', 'do_notify_parent'), kernelSource('kernel/exit.c', 'reparent_leader')],
    tags: ['orphan', ...tags],
    entries: ['FEX-14'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'works' }, { '>=7.1': autoreapSince }),
  },
  {
    script: `quietly { subreaper; block CHLD }; fork maker { clone child CLONE_AUTOREAP exit 0 { await go; exit 3 }; exit 1 }; wait maker; sigpoll CHLD; open go; wait any __WALL; pending; exit 0`,
    says: (outcome) => ({
      maker: outcome === 'works' ? [] : ['clone child CLONE_AUTOREAP exit 0: EINVAL'],
      main: [
        'wait maker: exit 1',
        'sigpoll CHLD: CHLD CLD_EXITED 1 from maker',
        'wait any __WALL: ECHILD',
        'pending: none',
      ],
    }),
  },
  [{ what: 'no flag', replace: ['clone child CLONE_AUTOREAP', 'clone child 0'] }],
);

tells(
  {
    id: 'process.clone.autoreap-waits-for-a-tracer',
    statement:
      'A CLONE_AUTOREAP child that is traced stays for its tracer to wait for, and is then gone for its parent; up to 7.0 the flag is EINVAL.',
    sources: [kernelSource('kernel/signal.c', 'do_notify_parent'), kernelSource('kernel/exit.c', 'wait_task_zombie')],
    tags: ['ptrace', ...tags],
    entries: ['FEX-14'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'works' }, { '>=7.1': autoreapSince }),
  },
  {
    script: `clone child CLONE_AUTOREAP exit 0 { await go; exit 3 }; fork tracer { quietly { call ptrace PTRACE_SEIZE child 0 0 }; open go; wait child __WALL; exit 0 }; wait tracer; wait child __WALL; exit 0`,
    says: (outcome) =>
      outcome === 'works'
        ? { tracer: ['wait child: exit 3'], main: ['wait tracer: exit 0', 'wait child __WALL: ECHILD'] }
        : {
            tracer: ['wait child __WALL: ECHILD'],
            main: ['clone child CLONE_AUTOREAP exit 0: EINVAL', 'wait tracer: exit 0', 'wait child __WALL: ECHILD'],
          },
  },
  [
    { what: 'no flag', replace: ['clone child CLONE_AUTOREAP', 'clone child 0'] },
    { what: 'nobody traces', replace: ['call ptrace PTRACE_SEIZE child 0 0', 'mask'] },
  ],
);

spec(
  {
    id: 'process.clone.autoreap-is-told-by-a-pidfd',
    statement:
      'The end of a CLONE_AUTOREAP child is seen by its pidfd: it wakes who polls it, is POLLIN and POLLHUP, and tells the status; up to 7.0 the flag is EINVAL.',
    sources: [kernelSource('kernel/signal.c', 'do_notify_parent'), kernelSource('fs/pidfs.c', 'pidfd_info')],
    tags: ['pidfd', ...tags],
    entries: ['FEX-14'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'status 768' }, { '>=7.1': autoreapSince }),
  },
  async ({ guest, expect, expected }) => {
    const born = 'clone child CLONE_AUTOREAP|CLONE_PIDFD exit 0';
    const polled = `poll $child; fork waiter { enter poll $child; exit 0 }; until-in poll waiter; open go; wait waiter; until-gone child; poll $child; exit-info $child`;
    const fixture = await guest.process(
      actor(`${born} { await go; exit 3 }; ${expected === 'EINVAL' ? '' : polled}; exit 0`),
      { endAll: true },
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript()).toEqual(
      expected === 'EINVAL'
        ? [`${born}: EINVAL`]
        : [
            'poll $child: nothing',
            'until-in poll waiter: poll',
            'wait waiter: exit 0',
            'until-gone child: gone',
            'poll $child: POLLIN POLLHUP',
            `exit-info $child: ${expected}`,
          ],
    );
  },
  [{ what: 'it is killed', replace: ['await go; exit 3', 'await go; kill self KILL'] }],
);
