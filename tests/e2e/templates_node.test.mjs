// The shipped templates for Node.js's tools, with the real tools. What a tool needs is committed to the
// sample: the sandbox has no network.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {repairs} from './lab/repairs.mjs';

const json = (value) => JSON.stringify(value, null, 2) + '\n';

repairs({
  template: 'prettier', name: 'behind npm run, and names with spaces, quotes and a leading dash', packages: ['prettier'],
  files: {
    'package.json': json({name: 'widget', private: true, scripts: {'format:check': 'prettier --check .'}}),
    'a.js': 'const a = {b:1}\n', "it's -a.js": 'const b = {b:1}\n', '--write.css': 'a{color:red}\n', 'good.js': 'const a = 1;\n',
  },
  command: 'npm run format:check', changes: ['a.js', "it's -a.js", '--write.css'],
});
repairs({
  template: 'eslint', name: 'what --fix can repair', packages: ['eslint'],
  files: {
    'package.json': json({name: 'widget', private: true, type: 'module', scripts: {lint: 'eslint .'}}),
    'eslint.config.js': "export default [{rules: {'no-var': 'error', 'prefer-const': 'error'}}];\n",
    'src/a.js': 'var a = 1;\nexport { a };\n', "it's -b.js": 'let b = 2;\nexport { b };\n',
  },
  command: 'npm run lint', changes: ['src/a.js', "it's -b.js"],
  look: ({read}) => assert.match(read('src/a.js'), /^(let|const) a = 1;/),
});
const notes = '# Notes\n## Parts\n* one\n* two\n\n\n\nEnd\n';
repairs({
  template: 'markdownlint', name: 'what --fix can repair, and names with spaces, quotes and a leading dash', packages: ['markdownlint-cli'],
  files: {'package.json': json({name: 'widget', private: true}), 'docs/notes.md': notes, "docs/it's -x.md": notes, 'docs/--fix.md': notes, 'docs/good.md': '# Good\n'},
  command: 'npx --no-install markdownlint docs', changes: ['docs/notes.md', "docs/it's -x.md", 'docs/--fix.md'],
});

const part = (name) => ({[`${name}/package.json`]: json({name, version: '1.0.0', license: 'MIT'})});
const widget = (...parts) => json({name: 'widget', version: '1.0.0', license: 'MIT', dependencies: Object.fromEntries(parts.map((name) => [name, `file:./${name}`]))});
repairs({
  template: 'npm-lockfile-drift', name: 'a dependency that package.json alone knows', programs: ['npm'],
  files: {...part('gear'), ...part('tooth'), 'package.json': widget('gear'), '.gitignore': 'node_modules\n'},
  prepare: (repo) => {
    execFileSync('npm', ['install', '--package-lock-only', '--offline', '--silent'], {cwd: repo});
    writeFileSync(join(repo, 'package.json'), widget('gear', 'tooth'));
  },
  command: 'npm ci --offline --no-audit', changes: ['package-lock.json'],
});
repairs({
  template: 'yarn-lockfile-drift', name: 'a dependency that package.json alone knows', packages: ['yarn'],
  files: {...part('gear'), ...part('tooth'), 'package.json': widget('gear'), '.yarnrc': '--install.modules-folder ".modules"\n', '.gitignore': '.modules\n'},
  prepare: (repo) => {
    execFileSync('node_modules/.bin/yarn', ['install', '--offline', '--silent'], {cwd: repo});
    rmSync(join(repo, '.modules'), {recursive: true});
    writeFileSync(join(repo, 'package.json'), widget('gear', 'tooth'));
  },
  command: 'node_modules/.bin/yarn install --frozen-lockfile --offline', changes: ['yarn.lock'],
  look: ({read}) => assert.match(read('yarn.lock'), /"gear@file[^]*"tooth@file/),
});

repairs({
  template: 'pnpm-lockfile-drift', name: 'a dependency that package.json alone knows', packages: ['pnpm'],
  files: {...part('gear'), ...part('tooth'), 'package.json': widget('gear'), '.npmrc': 'modules-dir=.modules\nstore-dir=.store\n', '.gitignore': '.modules\n.store\n'},
  prepare: (repo) => {
    execFileSync('node_modules/.bin/pnpm', ['install', '--offline', '--lockfile-only', '--silent'], {cwd: repo});
    writeFileSync(join(repo, 'package.json'), widget('gear', 'tooth'));
  },
  command: 'node_modules/.bin/pnpm install --frozen-lockfile --offline', changes: ['pnpm-lock.yaml'],
  look: ({read}) => assert.match(read('pnpm-lock.yaml'), /gear@file:[^]*tooth@file:/),
});

const shows = "test('shows the widget', () => expect({size: 2}).toMatchSnapshot());\n";
const snapshot = (size) => `// Jest Snapshot v1, https://jestjs.io/docs/snapshot-testing\n\nexports[\`shows the widget 1\`] = \`\n{\n  "size": ${size},\n}\n\`;\n`;
repairs({
  template: 'snapshots-out-of-date', name: 'jest behind npm test', packages: ['jest'],
  files: {
    'package.json': json({name: 'widget', private: true, scripts: {test: 'jest --ci'}, jest: {watchman: false, cache: false, testEnvironment: 'node', transform: {}}}),
    'a.test.js': shows, '__snapshots__/a.test.js.snap': snapshot(1),
    "it's -u.test.js": shows, "__snapshots__/it's -u.test.js.snap": snapshot(1),
  },
  command: 'npm test', changes: ['__snapshots__/a.test.js.snap', "__snapshots__/it's -u.test.js.snap"],
});
