import tseslint from 'typescript-eslint';
import prettier from 'eslint-config-prettier';

/** Forbids imports of a package outside the one module that wraps it. */
const onlyIn = (files, name, instead) => ({
  files: ['src/**/*.ts', 'vm/**/*.ts', 'specs/**/*.ts'],
  ignores: files,
  rules: { 'no-restricted-imports': ['error', { paths: [{ name, message: instead }] }] },
});

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
  onlyIn(['src/base/process.ts'], 'execa', 'Use src/base/process.ts.'),
  onlyIn(['vm/link/*.ts'], 'ssh2', 'Use vm/link/ssh.ts.'),
  prettier,
);
