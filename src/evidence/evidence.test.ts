import { describe, expect, test } from 'vitest';
import { parseKernelTrace } from './kernel-trace.ts';
import { parseLaunchLine } from './fixture-event.ts';
import { parseProcStatus } from './proc-status.ts';
import { signalName, signalNumber, signalsInMask } from './signals.ts';
import { waitStatus } from './wait-status.ts';

describe('waitStatus', () => {
  test.each([
    [0x2a00, { by: 'exit', code: 42 }],
    [0x0009, { by: 'signal', signal: 'SIGKILL', core: false }],
    [0x008b, { by: 'signal', signal: 'SIGSEGV', core: true }],
    [0x137f, { by: 'stop', signal: 'SIGSTOP' }],
    [0xffff, { by: 'continue' }],
    [0, { by: 'exit', code: 0 }],
  ])('reads %i', (word, status) => expect(waitStatus(word)).toEqual(status));
});

describe('signals', () => {
  test('are named both ways', () => {
    expect([1, 9, 15, 31, 32, 64, 65].map(signalName)).toEqual([
      'SIGHUP',
      'SIGKILL',
      'SIGTERM',
      'SIGSYS',
      'SIGRTMIN+0',
      'SIGRTMIN+32',
      'signal 65',
    ]);
    expect(['TERM', 'SIGKILL', 'RTMIN+2', 'NOPE'].map(signalNumber)).toEqual([15, 9, 34, undefined]);
  });

  test('are read out of a mask', () => {
    expect([...signalsInMask('0000000100004602')]).toEqual(['SIGINT', 'SIGUSR1', 'SIGSEGV', 'SIGTERM', 'SIGRTMIN+1']);
  });
});

test('parseProcStatus reads ids, state and masks', () => {
  const status = parseProcStatus(
    'Name:\tsleep\nState:\tS (sleeping)\nPid:\t312\nPPid:\t310\nTracerPid:\t0\nNSpid:\t312\t1\nNSpgid:\t312\t1\nThreads:\t1\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000004000\nSigBlk:\t0000000000004000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n',
  );
  expect(status).toMatchObject({ name: 'sleep', state: 'S', pid: 312, ppid: 310, nspid: [312, 1], threads: 1 });
  expect([[...status.shdPnd], [...status.sigBlk], [...status.sigCgt]]).toEqual([['SIGTERM'], ['SIGTERM'], []]);
});

describe('parseKernelTrace', () => {
  test('reads signals, system calls and stacks of old and new kernels', () => {
    const events = parseKernelTrace([
      '# tracer: nop',
      '              tz-1061    [000] dN.2.    39.152398: signal_generate: sig=9 errno=0 code=128 comm=tz pid=1062 grp=1 res=0',
      '              sh-3-77    [000] d...    39.000001: signal_deliver: sig=15 errno=0 code=0 sa_handler=401635 sa_flags=14000004',
      '              tz-1096    [000] .....    40.100000: sys_kill(pid: 1, sig: 0xf)',
      '              tz-1096    [000] .....    40.100001: sys_kill(pid: 1, sig: f)',
      '              tz-1061    [000] .....    41.000000: ks1_zap: (zap_pid_ns_processes+0x0/0x1e0)',
      '              tz-1061    [000] .....    41.000001: <stack trace>',
      ' => zap_pid_ns_processes',
      ' => do_exit+0x12/0x40',
      '    my comm-1062    [000] .....    42.000000: sched_process_exit: comm=my comm pid=1062 prio=120 group_dead=true',
    ]);
    expect(events.map(({ name, pid, t }) => [name, pid, t])).toEqual([
      ['signal_generate', 1061, 39_152_398_000],
      ['signal_deliver', 77, 39_000_001_000],
      ['sys_kill', 1096, 40_100_000_000],
      ['sys_kill', 1096, 40_100_001_000],
      ['ks1_zap', 1061, 41_000_000_000],
      ['sched_process_exit', 1062, 42_000_000_000],
    ]);
    expect(events[0]?.fields).toEqual({ sig: 9, errno: 0, code: 128, comm: 'tz', pid: 1062, grp: 1, res: 0 });
    expect(events[2]?.fields).toEqual({ pid: 1, sig: 15 });
    expect(events[3]?.fields).toEqual({ pid: 1, sig: 15 });
    expect(events[4]?.stack).toEqual(['zap_pid_ns_processes', 'do_exit']);
    expect(events[5]?.fields).toEqual({ comm: 'my comm', pid: 1062, prio: 120, group_dead: 'true' });
  });

  test('does not swallow lost events', () => {
    expect(() => parseKernelTrace(['CPU:0 [LOST 12 EVENTS]'])).toThrow('lost 12 events');
  });
});

describe('parseLaunchLine', () => {
  test('tells the witnesses apart', () => {
    const event = '{"seq":1,"t":5,"pid":1,"who":"main","ev":"ready"}';
    expect(parseLaunchLine(`P ${event}`)).toMatchObject({ from: 'parent', event: { ev: 'ready' } });
    expect(parseLaunchLine(`F ${event}`)).toMatchObject({ from: 'fixture', event: { who: 'main' } });
    expect(parseLaunchLine('F {"half')).toEqual({ from: 'garbage', text: '{"half' });
    expect(parseLaunchLine('O "caf\\u00c3\\u00a9\\u000a"')).toEqual({ from: 'stdout', text: 'cafÃ©\n' });
    expect(parseLaunchLine('nonsense')).toBeUndefined();
  });
});
