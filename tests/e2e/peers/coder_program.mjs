// The stand-in for the `coder` program as a file that can be named in a configuration.
import {writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const script = fileURLToPath(new URL('coder_cli.mjs', import.meta.url));

export function writeProgram(file) {
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`, {mode: 0o755});
}
