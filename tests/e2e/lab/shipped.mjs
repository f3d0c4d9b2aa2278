// The shipped policies in a lab, as an operator has them after the install.
import {cpSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {sourceRoot} from './samples.mjs';

// `edit`: what becomes of the text of each template.
export function shippedPolicies(lab, edit = (text) => text) {
  const folder = join(lab.folder, 'policies');
  cpSync(join(sourceRoot, 'policies'), folder, {recursive: true});
  const templates = join(folder, 'templates');
  for (const name of readdirSync(templates)) {
    const file = join(templates, name);
    writeFileSync(file, edit(readFileSync(file, 'utf8')));
  }
}
