// The shipped templates for Go, with the real tools.
import assert from 'node:assert/strict';

import {repairs} from './lab/repairs.mjs';

repairs({
  template: 'gofmt', name: 'what gofmt -l names is formatted', programs: ['gofmt'],
  files: {'go.mod': 'module widget\n', 'main.go': 'package main\nfunc main(){}\n', "-it's a.go": 'package main\nvar x=1\n', 'vendor/v/v.go': 'package v\nvar  x=1\n'},
  command: 'out=$(gofmt -l ./*.go); echo "$out"; test -z "$out"', changes: ['main.go', "-it's a.go"],
});
repairs({
  template: 'goimports', name: 'imports are added, grouped and sorted as the failing command would have them', programs: ['goimports'],
  files: {'go.mod': 'module widget\n', 'main.go': 'package main\n\nfunc main() { fmt.Println(os.Args) }\n', "-it's a.go": 'package main\nimport "os"\nimport "fmt"\nvar _ = fmt.Sprint(os.Args)\n', 'good.go': 'package main\n\nvar x = 1\n'},
  command: 'out=$(goimports -l ./*.go); echo "$out"; test -z "$out"', changes: ['main.go', "-it's a.go"],
  look: ({read}) => assert.match(read('main.go'), /import \(\n\t"fmt"\n\t"os"\n\)/),
});
const goModule = (requires, replaces) => 'module widget\n\ngo 1.19\n' + requires.map((r) => `\nrequire ${r}\n`).join('') +
  replaces.map((name) => `\nreplace ${name} => ./${name.split('/').pop()}\n`).join('');
repairs({
  template: 'go-mod-tidy', name: 'what a dependency needs is written down', programs: ['go'],
  files: {
    'go.mod': goModule(['example.org/gear v0.0.0'], ['example.org/gear', 'example.org/tooth']),
    'main.go': 'package main\n\nimport "example.org/gear"\n\nfunc main() { gear.Turn() }\n',
    'gear/go.mod': 'module example.org/gear\n\ngo 1.19\n\nrequire example.org/tooth v0.0.0\n',
    'gear/gear.go': 'package gear\n\nimport "example.org/tooth"\n\nfunc Turn() { tooth.Bite() }\n',
    'tooth/go.mod': 'module example.org/tooth\n\ngo 1.19\n', 'tooth/tooth.go': 'package tooth\n\nfunc Bite() {}\n',
  },
  command: 'GOFLAGS=-buildvcs=false GOPROXY=off go build -o /dev/null .', changes: ['go.mod'],
  look: ({read}) => assert.match(read('go.mod'), /example\.org\/tooth v0\.0\.0 \/\/ indirect/),
});
repairs({
  template: 'go-vendor-drift', name: 'vendor/ is made again from go.mod', programs: ['go'],
  files: {
    'go.mod': goModule(['example.org/gear v0.0.0'], ['example.org/gear']),
    'main.go': 'package main\n\nimport "example.org/gear"\n\nfunc main() { gear.Turn() }\n',
    'gear/go.mod': 'module example.org/gear\n\ngo 1.19\n', 'gear/gear.go': 'package gear\n\nfunc Turn() {}\n',
    'vendor/modules.txt': '# example.org/other v0.1.0\n## explicit\n',
  },
  command: 'GOFLAGS=-buildvcs=false go build -o /dev/null .', changes: ['vendor/modules.txt', 'vendor/example.org/gear/gear.go'],
});
