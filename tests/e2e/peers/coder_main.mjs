// The stand-in for a Coder server as a program, for tests that are not written in JavaScript:
//   node coder_main.mjs FOLDER
// makes FOLDER/coder (the stand-in for the `coder` program) and FOLDER/token, says its address in one line,
// and serves until it is killed. Where Coder's description is missing it says so instead.
import {randomBytes} from 'node:crypto';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {coderIsMissing} from './coder_description.mjs';
import {Coder} from './coder.mjs';
import {writeProgram} from './coder_program.mjs';

const missing = coderIsMissing();
if (missing) {
  process.stdout.write(`missing: ${missing}\n`);
  process.exit(3);
}
const folder = process.argv[2];
mkdirSync(join(folder, 'homes'), {recursive: true});
const token = randomBytes(16).toString('hex');
writeFileSync(join(folder, 'token'), token, {mode: 0o600});
writeProgram(join(folder, 'coder'));
const coder = await Coder.start({root: join(folder, 'homes'), token});
process.stdout.write(`url: ${coder.url}\n`);
