/** What wait(2) tells of an end: exit codes, signals, core dumps. */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const wait = man('wait(2)');
const tags = ['wait'];

for (const { code, seen } of [
  { code: '0', seen: 'exit 0' },
  { code: '255', seen: 'exit 255' },
  { code: '256', seen: 'exit 0' },
  { code: '300', seen: 'exit 44' },
  { code: '-1', seen: 'exit 255' },
]) {
  tells(
    {
      id: `process.exit-status.of-${code.replace('-', 'minus-')}`,
      statement: `A child that calls _exit(${code}) is seen as ${seen} by wait(2): the low eight bits.`,
      sources: [wait, man('exit(3)'), kernelSource('kernel/exit.c', '__do_sys_exit_group')],
      tags: ['exit-status', ...tags],
      entries: ['WAI-02'],
    },
    { script: `fork child { exit ${code} }; wait child; exit 0`, says: { main: [`wait child: ${seen}`] } },
    [{ what: 'another code', replace: [`exit ${code} }`, 'exit 77 }'] }],
  );
}

for (const { code, told } of [
  { code: '300', told: '44' },
  { code: '-1', told: '255' },
]) {
  tells(
    {
      id: `process.exit-status.siginfo-of-${code.replace('-', 'minus-')}`,
      statement: `SIGCHLD and waitid(2) tell no more of _exit(${code}) than wait(2) does: si_status is ${told}, the low eight bits.`,
      sources: [
        man('sigaction(2)', 'si_status'),
        kernelSource('kernel/signal.c', 'do_notify_parent'),
        kernelSource('kernel/exit.c', 'wait_task_zombie'),
      ],
      tags: ['exit-status', 'siginfo', ...tags],
      entries: ['INF-03', 'WAI-02'],
    },
    {
      script: `quietly { block CHLD }; fork child { exit ${code} }; sigwait CHLD; waitid P_PID child WEXITED|WNOWAIT; waitid P_PID child WEXITED; exit 0`,
      says: {
        main: [
          `sigwait CHLD: CHLD CLD_EXITED ${told} from child`,
          `waitid P_PID child WEXITED|WNOWAIT: CLD_EXITED ${told} from child`,
          `waitid P_PID child WEXITED: CLD_EXITED ${told} from child`,
        ],
      },
    },
    [{ what: 'another code', replace: [`exit ${code} }`, 'exit 77 }'] }],
  );
}

for (const { name, does, word } of [
  { name: 'exit', does: 'exit 3', word: '0x300' },
  { name: 'kill', does: 'kill self KILL', word: '0x9' },
  { name: 'stop', does: 'kill self STOP', word: '0x137f' },
]) {
  tells(
    {
      id: `process.exit-status.raw-word-of-${name}`,
      statement: `The raw status word of wait(2) is ${word} for a child that does "${does}".`,
      sources: [wait, kernelSource('kernel/exit.c', 'wait_task_zombie')],
      tags: ['exit-status', ...tags],
      entries: ['WAI-02'],
    },
    {
      script: `fork child { quietly { ${does} } }; wait-raw child WUNTRACED; quietly { kill child KILL }; exit 0`,
      says: { main: [`wait-raw child WUNTRACED: ${word}`] },
    },
    [{ what: 'another end', replace: [does, 'exit 9'] }],
  );
}

tells(
  {
    id: 'process.exit-status.raw-word-of-continue',
    statement: 'The raw status word of wait(2) with WCONTINUED is 0xffff.',
    sources: [wait, kernelSource('kernel/exit.c', 'wait_task_continued')],
    tags: ['exit-status', ...tags],
    entries: ['WAI-02'],
  },
  {
    script: `fork child { pause }; quietly { kill child STOP; wait child WUNTRACED; kill child CONT }; wait-raw child WCONTINUED; exit 0`,
    says: { main: ['wait-raw child WCONTINUED: 0xffff'] },
  },
  [{ what: 'it ends instead', replace: ['kill child CONT', 'kill child KILL'] }],
);

tells(
  {
    id: 'process.exit-status.of-a-leader-that-ended-first',
    statement:
      "When threads end one by one with exit(2), the status is the last thread's; on 5.10 it was the leader's.",
    sources: [wait, kernelSource('kernel/exit.c', 'synchronize_group_exit')],
    tags: ['thread', 'exit-status', ...tags],
    entries: ['WAI-09', 'THR-03'],
    expected: byKernel(
      { '<6.1': 'exit 3', '>=6.1': 'exit 7' },
      { '>=6.1': { commit: 'd80f7d7b2c75', title: 'signal: Guarantee that SIGNAL_GROUP_EXIT is set on process exit' } },
    ),
  },
  {
    script: `fork child { thread other { until Z self; exit-thread 7 }; exit-thread 3 }; wait child; exit 0`,
    says: (status) => ({ main: [`wait child: ${status}`] }),
  },
  [
    {
      what: 'both end with another code',
      replace: ['exit-thread 7 }; exit-thread 3', 'exit-thread 8 }; exit-thread 8'],
    },
  ],
);

tells(
  {
    id: 'process.exit-status.exit-group-of-any-thread-wins',
    statement:
      'exit_group(2) by any thread ends all of them and gives the status, also when the leader has ended before.',
    sources: [man('exit_group(2)'), kernelSource('kernel/exit.c', 'do_group_exit')],
    tags: ['thread', 'exit-status', ...tags],
    entries: ['WAI-09', 'THR-03'],
  },
  {
    script: `fork child { thread idle { await never }; thread other { until Z self; exit 9 }; exit-thread 3 }; wait child; exit 0`,
    says: { main: ['wait child: exit 9'] },
  },
  [{ what: 'it ends with another code', replace: ['exit 9', 'exit 8'] }],
);
