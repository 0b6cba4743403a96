#!/usr/bin/env node
// Solidity's compiler from npm, behind the two switches of the native one that ape uses (--version and
// --standard-json). Installed by the Makefile as $SOLCX_BINARY_PATH/solc-v<version>.
// Loading the compiler takes a second and compiling ten, so both answers are kept in $SOLC_CACHE by their input.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const root = path.join(__dirname, '..');
const npm = path.join(root, 'node_modules');
const cache = process.env.SOLC_CACHE || path.join(root, '.build', 'solc-cache');
const pinned = require(path.join(npm, 'solc', 'package.json')).version;

function remembered(key, compute) {
  const file = path.join(cache, crypto.createHash('sha256').update(pinned + '\0' + key).digest('hex'));
  try { return fs.readFileSync(file, 'utf8'); } catch { /* not yet */ }
  const { text, keep } = compute();
  if (keep) {
    fs.mkdirSync(cache, { recursive: true });
    const temporary = `${file}.${process.pid}`;
    fs.writeFileSync(temporary, text);
    fs.renameSync(temporary, file);
  }
  return text;
}

// The emscripten build prints the compiler's negative ids of built-in names as unsigned; forge and slither want the sign.
function signIds(text) {
  return text.replace(
    /("(?:referencedDeclaration|overloadedDeclarations|exportedSymbols)":\s*)(\[[^\]]*\]|4294967\d{3})/g,
    (_, name, ids) => name + ids.replace(/\b4294967[0-2]\d\d\b/g, (id) => String(Number(id) - 2 ** 32)));
}

function readImport(name) {
  for (const folder of [process.cwd(), root, npm]) {
    try { return { contents: fs.readFileSync(path.resolve(folder, name), 'utf8') }; } catch { /* next */ }
  }
  return { error: `File not found: ${name}` };
}

function compile(input) {
  const text = signIds(require(path.join(npm, 'solc')).compile(input, { import: readImport }));
  const failed = (JSON.parse(text).errors || []).some((e) => e.severity === 'error');
  return { text, keep: !failed };
}

const args = process.argv.slice(2);
if (args.includes('--version')) {
  const version = remembered('version', () => ({ text: require(path.join(npm, 'solc')).version(), keep: true }));
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${version}`);
} else if (args.includes('--standard-json')) {
  const input = fs.readFileSync(0, 'utf8');
  process.stdout.write(remembered(input, () => compile(input)));
} else {
  console.error(`solc.js: only --version and --standard-json are known here, not: ${args.join(' ')}`);
  process.exit(1);
}
