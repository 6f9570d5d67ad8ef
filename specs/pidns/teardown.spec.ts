/** The end of a pid namespace: pid_namespaces(7), kernel/pid_namespace.c zap_pid_ns_processes(). */
import { actor, byKernel, exitOf, kernelSource, man, signalsTo, spec, tells } from '../../src/harness/index.ts';

const page = man('pid_namespaces(7)', 'The namespace init process');
const zap = kernelSource('kernel/pid_namespace.c', 'zap_pid_ns_processes');
const tags = ['teardown', 'container'];

for (const { id, what, member } of [
  { id: 'stopped', what: 'is stopped', member: 'ready; quietly { kill self STOP }' },
  { id: 'blocking-everything', what: 'blocks all signals', member: 'quietly { block all }; ready; pause' },
  {
    id: 'ignoring-everything',
    what: 'ignores what can be ignored',
    member: 'quietly { ignore HUP INT TERM USR1 CHLD }; ready; pause',
  },
  { id: 'in-another-session', what: 'leads a session of its own', member: 'quietly { setsid }; ready; pause' },
  {
    id: 'with-threads',
    what: 'has several threads',
    member: 'thread a { await never }; thread b { await never }; ready; pause',
  },
  { id: 'in-vfork', what: 'waits in vfork(2)', member: 'clone late CLONE_VFORK { open m; await never }' },
  {
    id: 'nested-init',
    what: 'is the init of a nested namespace',
    member: 'quietly { call unshare CLONE_NEWPID }; fork inner { ready; pause }; await inner; ready; pause',
  },
  {
    id: 'two-namespaces-down',
    what: 'lives two pid namespaces further down',
    member:
      'quietly { call unshare CLONE_NEWPID }; fork b { quietly { call unshare CLONE_NEWPID }; fork c { open c1; pause }; await c1; open b1; pause }; await b1; ready; pause',
  },
  { id: 'one-of-forty', what: 'is one of forty', member: 'quietly { repeat 40 { fork x { pause } } }; ready; pause' },
  {
    id: 'of-another-user',
    what: 'belongs to another user',
    member: 'quietly { call setresuid 3000 3000 3000 }; ready; pause',
  },
]) {
  const barrier = id === 'in-vfork' ? 'await m; until D m' : id === 'stopped' ? 'await m; until T m' : 'await m';
  tells(
    {
      id: `pidns.teardown.kills-a-member-${id}`,
      statement: `When the init exits, a member that ${what} is killed, too, and the parent is told of the init only then.`,
      sources: [page, zap],
      tags: ['star', ...tags],
      entries: ['ZAP-01', 'ZAP-02'],
    },
    {
      script: `quietly { call unshare CLONE_NEWPID|CLONE_NEWNS; pipe p }; fork one { quietly { mount-proc; call close $p.r }; fork m { ${member} }; ${barrier}; exit 42 };
        quietly { call close $p.w }; wait one; at-end $p.r; exit 0`,
      says: { main: ['wait one: exit 42', 'at-end $p.r: end of file'] },
    },
    [
      {
        what: 'the member is outside',
        replace: [
          'quietly { call unshare CLONE_NEWPID|CLONE_NEWNS; pipe p }; fork one {',
          'quietly { pipe p; call unshare CLONE_NEWNS }; fork one {',
        ],
      },
    ],
  );
}

for (const { id, end, status } of [
  { id: 'exit-code', end: 'exit 42', status: 'exit 42' },
  { id: 'exit-group-of-a-thread', end: 'thread t { exit 43 }; await never', status: 'exit 43' },
]) {
  tells(
    {
      id: `pidns.teardown.keeps-the-${id}`,
      statement: `The status of an init that ends by "${end}" is ${status}, whatever the end of its namespace takes.`,
      sources: [zap, man('wait(2)')],
      tags,
      entries: ['ZAP-02', 'ZAP-08'],
    },
    {
      script: `quietly { call unshare CLONE_NEWPID }; fork one { fork m { ready; pause }; await m; ${end} }; wait one; exit 0`,
      says: { main: [`wait one: ${status}`] },
    },
    [{ what: 'another status', replace: [end, 'exit 9'] }],
  );
}

tells(
  {
    id: 'pidns.teardown.sigkill-status-is-kept',
    statement: 'An init that is killed from outside is told to have died of SIGKILL, and its members with it.',
    sources: [zap, page],
    tags,
    entries: ['ZAP-02', 'INI-03'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID; pipe p }; fork one { quietly { call close $p.r }; fork m { ready; pause }; await m; open up; pause }; quietly { call close $p.w }; await up; kill one KILL; wait one; at-end $p.r; exit 0`,
    says: { main: ['kill one KILL: 0', 'wait one: SIGKILL', 'at-end $p.r: end of file'] },
  },
  [{ what: 'the member is outside', replace: ['call unshare CLONE_NEWPID; pipe p', 'pipe p'] }],
);

tells(
  {
    id: 'pidns.teardown.zombie-of-an-outside-parent-holds-it-up',
    statement: 'A member whose parent is outside keeps the init from being reaped until that parent has waited for it.',
    sources: [zap],
    tags: ['star', 'zombie', ...tags],
    entries: ['ZAP-03'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID }; fork one { await up; exit 42 }; fork member { open up; pause }; until Z member; wait one WNOHANG; fork late { exit 0 }; wait member; wait one; exit 0`,
    says: {
      main: [
        'until Z member: Z',
        'wait one WNOHANG: 0',
        'fork late: ENOMEM',
        'wait member: SIGKILL',
        'wait one: exit 42',
      ],
    },
  },
  [
    {
      what: 'the init is its parent',
      replace: [
        'fork one { await up; exit 42 }; fork member { open up; pause }; until Z member;',
        'fork one { fork member { pause }; exit 42 }; fork member { exit 0 }; until Z one; quietly { wait member };',
      ],
    },
  ],
);

tells(
  {
    id: 'pidns.teardown.pidfds-of-the-killed-are-readable',
    statement:
      'Whoever polls the pidfd of a member is woken when the end of the init kills it; waitid(2) says CLD_KILLED by SIGKILL.',
    sources: [zap, page, kernelSource('kernel/exit.c', 'exit_notify')],
    tags: ['pidfd', ...tags],
    entries: ['ZAP-09', 'PFD-04'],
  },
  {
    script: `quietly { open-file /proc/self/ns/pid O_RDONLY > own; call unshare CLONE_NEWPID }; fork one { await go; exit 42 }; clone member CLONE_PIDFD { open up; pause }; quietly { call setns $own CLONE_NEWPID }; await up;
      poll $member; fork watcher { enter poll $member; exit 0 }; until-in poll watcher; open go; wait watcher; poll $member; waitid P_PIDFD $member WEXITED|WNOWAIT; wait member; wait one; exit 0`,
    says: {
      watcher: ['enter poll $member: in'],
      main: [
        'poll $member: nothing',
        'until-in poll watcher: poll',
        'wait watcher: exit 0',
        'poll $member: POLLIN',
        'waitid P_PIDFD $member WEXITED|WNOWAIT: CLD_KILLED 9 from member',
        'wait member: SIGKILL',
        'wait one: exit 42',
      ],
    },
  },
  [
    {
      what: 'the member is outside',
      replace: [
        'clone member CLONE_PIDFD { open up; pause }; quietly { call setns $own CLONE_NEWPID };',
        'quietly { call setns $own CLONE_NEWPID }; clone member CLONE_PIDFD { open up; await go; exit 3 };',
      ],
    },
  ],
);

tells(
  {
    id: 'pidns.teardown.state-of-the-waiting-init',
    statement:
      'While an init waits for the last of its members, it is shown in state S, or I since the wait may be frozen.',
    sources: [zap],
    tags: ['proc', ...tags],
    entries: ['ZAP-04', 'PRC-05'],
    expected: byKernel({
      '<6.1 || 6.1 <6.1.191 || >6.1 <6.12 || 6.12 <6.12.115 || >6.12 <7.2 || 7.2 <7.2.13': 'S',
      '6.1 >=6.1.191 || 6.12 >=6.12.115 || 7.2 >=7.2.13 || >=7.3': 'I',
    }),
  },
  {
    script: `quietly { call unshare CLONE_NEWPID }; fork one { await up; exit 42 }; fork member { open up; pause }; quietly { until Z member; until-in exit_group one }; until SI one; quietly { wait member }; wait one; exit 0`,
    says: (state) => ({ main: [`until SI one: ${state}`, 'wait one: exit 42'] }),
  },
  [
    {
      what: 'the init is stopped',
      replace: [
        'quietly { until Z member; until-in exit_group one }; until SI one;',
        'quietly { until Z member; wait member; fork two { kill self STOP; exit 1 } }; until Z one;',
      ],
    },
  ],
);

tells(
  {
    id: 'pidns.teardown.tracer-outside-holds-it-up',
    statement:
      'A member that is traced from outside keeps the init from being reaped until the tracer has waited for it.',
    sources: [zap, man('ptrace(2)')],
    tags: ['star', 'ptrace', ...tags],
    entries: ['ZAP-06', 'WAI-12'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID }; fork one { fork member { open up; pause }; await traced; exit 42 }; await up; quietly { children-of one > m; call ptrace PTRACE_SEIZE $m 0 0 }; open traced; until Z $m; wait one WNOHANG; wait $m __WALL; wait one; exit 0`,
    says: { main: ['until Z $m: Z', 'wait one WNOHANG: 0', 'wait: SIGKILL', 'wait one: exit 42'] },
  },
  [
    {
      what: 'it is not traced',
      replace: [
        'call ptrace PTRACE_SEIZE $m 0 0',
        'call ptrace PTRACE_SEIZE one 0 0; call ptrace PTRACE_DETACH one 0 0',
      ],
    },
  ],
);

tells(
  {
    id: 'pidns.teardown.zombies-of-the-init-go-unnoticed',
    statement: 'Children of the init that had ended before, and were not waited for, do not hold up its end.',
    sources: [zap],
    tags: ['zombie', ...tags],
    entries: ['ZAP-07'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID|CLONE_NEWNS }; fork one { quietly { mount-proc }; fork a { exit 1 }; fork b { exit 2 }; until Z a; until Z b; exit 42 }; wait one; exit 0`,
    says: { one: ['until Z a: Z', 'until Z b: Z'], main: ['wait one: exit 42'] },
  },
  [
    {
      what: 'it ignores SIGCHLD',
      replace: [
        'quietly { mount-proc }',
        'quietly { mount-proc; ignore CHLD; fork c { exit 0 }; wait any; default CHLD; exit 41 }',
      ],
    },
  ],
);

spec(
  {
    id: 'pidns.teardown.one-sigkill-of-the-kernel-each',
    statement:
      'Each member gets one SIGKILL by SI_KERNEL after the init has begun to exit, takes it without siginfo, and the parent of the init is told last.',
    sources: [zap],
    tags: ['trace', ...tags],
    entries: ['ZAP-10'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(
        'fork a { ready; pause }; fork b { setsid; ready; pause }; await a; await b; ready; sigwait USR1'.replace(
          'ready; sigwait',
          'block USR1; ready; sigwait',
        ) + '; exit 42',
      ),
    );
    await init.ready();
    const [a, b] = [await init.hostPidOf('a'), await init.hostPidOf('b')];
    await init.signal('USR1');
    expect(await init.finished()).toEqual({ by: 'exit', code: 42 });
    const trace = await init.kernelTrace();
    const begun = exitOf(trace, init.hostPid)?.t ?? Infinity;
    const told = trace.find(
      ({ name, pid, fields, t }) =>
        name === 'signal_generate' && pid === init.hostPid && fields['sig'] === 17 && t >= begun,
    );
    for (const member of [a, b]) {
      const kills = signalsTo(trace, member).filter(({ sig }) => sig === 9);
      expect(kills).toMatchObject([{ code: 128, res: 0, by: init.hostPid }]);
      expect(kills[0]?.t).toBeGreaterThanOrEqual(begun);
      const taken = trace.filter(({ name, pid }) => name === 'signal_deliver' && pid === member);
      expect(taken.map(({ fields }) => [fields['sig'], fields['code']])).toEqual([[9, 0]]);
      expect(exitOf(trace, member)?.t).toBeLessThanOrEqual(told?.t ?? -Infinity);
    }
  },
  [{ what: 'one kills the other first', replace: ['fork a { ready; pause }', 'fork a { ready; kill self KILL }'] }],
);

spec(
  {
    id: 'pidns.teardown.one-sigkill-for-all-threads',
    statement:
      'A member with threads is sent one SIGKILL by the kernel, not one for each thread: those are dying already.',
    sources: [zap],
    tags: ['trace', 'thread', ...tags],
    entries: ['ZAP-11'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(
        'block USR1; fork m { thread t { await never }; ready; await never }; await m; ready; sigwait USR1; exit 42',
      ),
    );
    await init.ready();
    const member = await init.hostPidOf('m');
    await init.signal('USR1');
    expect(await init.finished()).toEqual({ by: 'exit', code: 42 });
    const sent = (await init.kernelTrace()).filter(
      ({ name, fields }) => name === 'signal_generate' && fields['sig'] === 9 && fields['code'] === 128,
    );
    expect(sent.map(({ fields }) => [fields['pid'], fields['res']])).toEqual([[member, 0]]);
  },
  [
    {
      what: 'the init has killed it before',
      replace: ['sigwait USR1; exit 42', 'sigwait USR1; kill m KILL; wait m; exit 42'],
    },
  ],
);

tells(
  {
    id: 'pidns.teardown.kills-a-frozen-member',
    statement: 'When the init exits, a member that is frozen by its cgroup is killed without being thawed.',
    sources: [page, zap, kernelSource('kernel/signal.c', 'do_freezer_trap')],
    tags: ['star', 'cgroup', ...tags],
    entries: ['ZAP-01', 'CGR-05'],
  },
  {
    script: `quietly { mkdir /sys/fs/cgroup/zap; call unshare CLONE_NEWPID; pipe p };
      fork one { quietly { call close $p.r }; fork m { quietly { write /sys/fs/cgroup/zap/cgroup.procs 0 }; open up; pause }; await up;
        quietly { write /sys/fs/cgroup/zap/cgroup.freeze 1; until-frozen /sys/fs/cgroup/zap }; exit 42 };
      quietly { call close $p.w }; wait one; at-end $p.r;
      quietly { write /sys/fs/cgroup/zap/cgroup.freeze 0; rmdir /sys/fs/cgroup/zap }; exit 0`,
    says: { main: ['wait one: exit 42', 'at-end $p.r: end of file'] },
  },
  [{ what: 'the member is outside', replace: ['call unshare CLONE_NEWPID; pipe p', 'pipe p'] }],
);

spec(
  {
    id: 'pidns.teardown.sigchld-is-ignored-for-the-init',
    statement:
      'At its end the kernel makes an init ignore SIGCHLD: its members vanish as they die, and no SIGCHLD is made for it.',
    sources: [zap],
    tags,
    entries: ['ZAP-07'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(
        'quietly { on CHLD }; fork a { fork b { open up; pause }; await up; ready; pause }; await a; on TERM exit 42; ready; pause',
      ),
    );
    await init.ready();
    const member = await init.hostPidOf('a');
    await init.signal('TERM');
    expect(await init.ended()).toEqual({ by: 'exit', code: 42 });
    await init.drained();
    const trace = await init.kernelTrace();
    expect(exitOf(trace, member)).toBeDefined();
    expect(signalsTo(trace, init.hostPid).map(({ sig }) => sig)).toEqual([15]);
  },
  [
    {
      what: 'the init ends its member first',
      replace: ['on TERM exit 42; ready; pause', 'block TERM; ready; sigwait TERM; kill a KILL; wait a; exit 42'],
    },
  ],
);
