// The configuration in the README's chapter "Agents" is one that regreen takes.
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';

import {runCommand} from './lab/daemon.mjs';
import {sourceRoot} from './lab/samples.mjs';

test('the agents of the README are read without a mistake', async () => {
  const chapter = /^## Agents$([^]*?)^## /m.exec(readFileSync(join(sourceRoot, 'README.md'), 'utf8'))?.[1];
  const toml = /^```toml$([^]*?)^```$/m.exec(chapter ?? '')?.[1];
  assert.ok(toml, 'README.md has the chapter, with a configuration');
  const folder = mkdtempSync(join(tmpdir(), 'regreen-readme-'));
  try {
    const file = join(folder, 'regreen.toml');
    // The second network is left to the reader.
    writeFileSync(file, `${toml.replace('network = "open"', 'network = "claude"')}
[policies]
directory = "${sourceRoot}/policies"
[forge.local]
kind = "git"
[forge.local.remotes]
"acme/widget" = "/srv/git/widget.git"
`);
    const {code, stdout, stderr} = await runCommand(['check', '--config', file]);
    assert.equal(code, 0, stdout + stderr);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
});
