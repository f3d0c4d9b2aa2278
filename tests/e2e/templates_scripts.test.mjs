// The shipped templates for shell and Ruby, with the real tools.
import assert from 'node:assert/strict';

import {repairs} from './lab/repairs.mjs';

const script = '#!/bin/sh\necho $1\nfor f in $HOME; do\n  cat $f\ndone\n';
repairs({
  template: 'shellcheck', name: 'what ShellCheck can quote is quoted', programs: ['shellcheck'],
  files: {'bin/run.sh': script, 'bin/good.sh': '#!/bin/sh\necho "$1"\n'},
  command: 'shellcheck bin/*.sh', changes: ['bin/run.sh'],
  look: ({read}) => assert.match(read('bin/run.sh'), /echo "\$1"[^]*cat "\$f"/),
});
repairs({
  template: 'shellcheck', name: 'a severity of its own, and names with spaces, quotes and a leading dash', programs: ['shellcheck'],
  files: {'-x.sh': script, "it's a.sh": script, 'a b/"q".sh': script},
  command: "shellcheck -e SC2034 --severity=info -f gcc -- -x.sh \"it's a.sh\" 'a b/\"q\".sh'", changes: ['-x.sh', "it's a.sh", 'a b/"q".sh'],
});
repairs({
  template: 'rubocop', name: 'what is correctable is corrected', programs: ['rubocop'],
  files: {'.rubocop.yml': 'AllCops:\n  NewCops: disable\n  SuggestExtensions: false\nStyle/FrozenStringLiteralComment:\n  Enabled: false\nNaming/FileName:\n  Enabled: false\n',
    'lib/a.rb': 'def size()\n  puts "a"\nend\n', "it's b.rb": 'puts "b"\n'},
  command: 'rubocop --cache false -- lib "it\'s b.rb"', changes: ['lib/a.rb', "it's b.rb"],
});
