import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../base/paths.ts';
import { configText, dependenciesIn, offIn, parseFragment, unmet, wantedFor } from './fragment.ts';

const fragment = `# who needs it
CONFIG_PID_NS=y
CONFIG_NR_CPUS=8
CONFIG_IPV6=n
CONFIG_PVPANIC_PCI=y # >=5.13
`;

describe('a fragment', () => {
  const wanted = parseFragment(fragment, 'x.config');

  test('is lines of options, with the versions that have them', () => {
    expect(wanted.at(-1)).toEqual({
      option: 'CONFIG_PVPANIC_PCI',
      value: 'y',
      where: 'x.config:5',
      range: '>=5.13',
    });
    expect(wantedFor('5.10.262', wanted).map(({ option }) => option)).toEqual([
      'CONFIG_PID_NS',
      'CONFIG_NR_CPUS',
      'CONFIG_IPV6',
    ]);
    expect(wantedFor('6.1.192', wanted)).toHaveLength(4);
  });

  test('becomes what olddefconfig reads', () => {
    expect(configText(wantedFor('5.10.262', wanted))).toBe(
      'CONFIG_PID_NS=y\nCONFIG_NR_CPUS=8\n# CONFIG_IPV6 is not set\n',
    );
  });

  test('a later line takes the place of an earlier one', () => {
    const later = parseFragment('CONFIG_NR_CPUS=2\n', 'y.config');
    expect(wantedFor('6.12.1', [...wanted, ...later]).find(({ option }) => option === 'CONFIG_NR_CPUS')).toMatchObject({
      value: '2',
      where: 'y.config:1',
    });
  });

  test('what olddefconfig did not do is found', () => {
    const config = 'CONFIG_PID_NS=y\nCONFIG_NR_CPUS=4\nCONFIG_IPV6=y\n';
    expect(unmet(wanted, config).map(({ option, value, actual }) => [option, value, actual])).toEqual([
      ['CONFIG_NR_CPUS', '8', '4'],
      ['CONFIG_IPV6', 'n', 'y'],
      ['CONFIG_PVPANIC_PCI', 'y', 'n'],
    ]);
  });

  test('a line that is neither option nor comment is a mistake', () => {
    expect(() => parseFragment('PID_NS=y', 'x.config')).toThrow('x.config:1 is no option of a kernel: PID_NS=y');
    expect(() => parseFragment('CONFIG_A=y # since 5.13', 'x.config')).toThrow('x.config:1');
  });
});

test('a Kconfig entry says what an option depends on', () => {
  const kconfig = `config OTHER
	bool "other"
	depends on NOTHING

config PVPANIC_PCI
	tristate "pvpanic PCI device support"
	depends on PVPANIC && PCI
	depends on !S390
	help
	  depends on the weather

config LAST
	bool
`;
  expect(dependenciesIn(kconfig, 'CONFIG_PVPANIC_PCI')).toEqual(['PVPANIC && PCI', '!S390']);
  expect(dependenciesIn(kconfig, 'CONFIG_GONE')).toBeUndefined();
  expect(offIn('PVPANIC && PCI && !S390', 'CONFIG_PCI=y\n')).toEqual(['CONFIG_PVPANIC']);
});

test('our own fragments can be read', () => {
  const directory = join(projectRoot, 'kernel-configs/fragments');
  const names = readdirSync(directory);
  expect(names.toSorted()).toEqual([
    'base.config',
    'cgroups.config',
    'console.config',
    'debug.config',
    'namespaces.config',
    'signals-and-ptrace.config',
    'tiny.config',
    'tracing.config',
    'virtio.config',
  ]);
  for (const name of names)
    expect(parseFragment(readFileSync(join(directory, name), 'utf8'), name).length).toBeGreaterThan(0);
});
