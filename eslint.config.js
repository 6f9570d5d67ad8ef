import tseslint from 'typescript-eslint';
import prettier from 'eslint-config-prettier';

/** The layers of the code, lowest first. A layer imports from those before it; neighbours in a row do not know each other. */
const layers = [
  ['src/base'],
  ['src/evidence', 'src/kernels'],
  ['src/claims', 'vm'],
  ['src/provision', 'src/harness'],
  ['src/inits'],
  ['src/report'],
  ['src/cli'],
];

/** Packages that are wrapped by modules of ours, and these modules. */
const wrapped = [
  { name: 'execa', by: ['src/base/process.ts'] },
  { name: 'ssh2', by: ['vm/link/ssh.ts'] },
  { name: 'tar', by: ['vm/link/ssh.ts', 'vm/archive/deb.ts', 'vm/archive/npm-package.ts', 'vm/image/rootfs.ts'] },
  { name: 'vitest', by: ['src/harness/spec.ts', 'src/harness/vitest/spec-test.ts'] },
];

const layerRules = layers.flatMap((row, index) =>
  row.map((layer) => {
    const above = [...layers.slice(index).flat()].filter((other) => other !== layer);
    const names = [...above.map((other) => other.replace('src/', '')), 'specs'];
    return {
      files: [`${layer}/**/*.ts`],
      rules: restricted(layer, [
        { regex: `^\\..*/(${names.join('|')})/`, message: 'Imports go downwards: see the layers in eslint.config.js.' },
      ]),
    };
  }),
);

function restricted(layer, patterns) {
  const paths = wrapped
    .filter(({ by }) => !by.some((file) => file.startsWith(`${layer}/`)))
    .map(({ name, by }) => ({ name, message: `Use ${by.join(' or ')}.` }));
  return { 'no-restricted-imports': ['error', { paths, patterns }] };
}

export default tseslint.config(
  { ignores: ['node_modules', 'coverage', '.kernspec', 'docs/generated'] },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  ...layerRules,
  {
    files: ['specs/**/*.spec.ts'],
    rules: restricted('specs', [
      { regex: '^\\.(?!.*/src/harness/index\\.ts$)', message: 'A spec imports src/harness/index.ts alone.' },
    ]),
  },
  {
    // Tests, and what they have in common.
    files: ['**/*.test.ts', 'src/cli/workplace.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  prettier,
);
