// The CIDs that IPFS's own importer gives: reads {"name": "path", ...} from stdin, writes {"name": [root, ...all blocks]}.
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { importer } from 'ipfs-unixfs-importer'

const options = { cidVersion: 1, rawLeaves: true, wrapWithDirectory: false }

async function * candidates (path, inner) {
  if ((await stat(path)).isFile()) {
    yield { path: inner, content: createReadStream(path) }
    return
  }
  const names = await readdir(path)
  if (names.length === 0) yield { path: inner }
  for (const name of names) {
    yield * candidates(join(path, name), `${inner}/${name}`)
  }
}

async function cids (path) {
  const blocks = new Set()
  const blockstore = { put: async (cid) => { blocks.add(cid.toString()); return cid } }
  let root
  for await (const entry of importer(candidates(path, 'root'), blockstore, options)) {
    if (entry.path === 'root') root = entry.cid.toString()
  }
  return [root, ...blocks]
}

let input = ''
for await (const piece of process.stdin) input += piece
const answer = {}
for (const [name, path] of Object.entries(JSON.parse(input))) answer[name] = await cids(path)
console.log(JSON.stringify(answer))
